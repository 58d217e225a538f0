"""The Django applications of the pages and of the administration."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WebConfig(AppConfig):
    """Templates, static files and template tags."""

    name = "mini_buildd.web"
    label = "mini_buildd_web"
    verbose_name = "mini-buildd pages"


class SettingsConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "mini_buildd.web.admin_site.SettingsSite"
