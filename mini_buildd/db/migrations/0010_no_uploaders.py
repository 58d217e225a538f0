"""What uploaders were is all in accounts, keys and rights now."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("mini_buildd", "0009_uploaders"),
    ]

    operations = [
        migrations.RemoveField(model_name="openpgpkey", name="uploader"),
        migrations.AlterField(
            model_name="openpgpkey",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="openpgp_keys",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.DeleteModel(name="Uploader"),
    ]
