from django.apps import AppConfig


class DocketConfig(AppConfig):
    name = "demur.docket"
    label = "docket"
    verbose_name = "Docket"
