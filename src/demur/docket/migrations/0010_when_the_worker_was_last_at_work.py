from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("docket", "0009_reminders_by_mail"),
    ]

    operations = [
        migrations.CreateModel(
            name="LastTurn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
