"""The Django application that holds the tables."""

from django.apps import AppConfig


class DbConfig(AppConfig):
    """Registers the models under the label "mini_buildd"."""

    name = "mini_buildd.db"
    label = "mini_buildd"
    verbose_name = "mini-buildd"
    default_auto_field = "django.db.models.BigAutoField"
