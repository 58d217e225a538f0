"""The tables of the administration: the configuration is edited, the record only read."""

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User

from mini_buildd.db import models
from mini_buildd.web import accounts, builders, chroot_form, configuration, people, records

admin.site.unregister([User, Group])
# Other people's tables, such as those of single sign-on, are not changed by hand.
for config in apps.get_app_configs():
    if config.name.startswith("allauth"):
        admin.site.unregister(filter(admin.site.is_registered, config.get_models()))
admin.site.register(User, accounts.AccountAdmin)
admin.site.register(Group, accounts.AccountGroupAdmin)
admin.site.register(models.Base, configuration.BaseAdmin)
admin.site.register(models.Chroot, chroot_form.ChrootAdmin)
admin.site.register(models.Builder, builders.BuilderAdmin)
admin.site.register(models.BuildNeeds, builders.BuildNeedsAdmin)
admin.site.register(models.Layout, configuration.LayoutAdmin)
admin.site.register(models.Repository, configuration.RepositoryAdmin)
admin.site.register(models.Distribution, configuration.DistributionAdmin)
admin.site.register(models.OpenPGPKey, people.KeyAdmin)
admin.site.register(models.TrustedKeyring, people.KeyringAdmin)
admin.site.register(models.Grant, people.GrantAdmin)
admin.site.register(models.AuditEntry, records.AuditAdmin)
admin.site.register(models.Upload, records.UploadAdmin)
admin.site.register(models.Source, records.SourceAdmin)
admin.site.register(models.Job, records.JobAdmin)
admin.site.register(models.Attempt, records.AttemptAdmin)
admin.site.register(models.Publication, records.PublicationAdmin)
admin.site.register(models.Snapshot, records.SnapshotAdmin)
admin.site.register(models.Event, records.EventAdmin)
