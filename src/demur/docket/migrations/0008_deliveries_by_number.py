from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("docket", "0007_what_the_registers_keep")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="number",
            field=models.PositiveIntegerField(default=1, help_text="within its case, from 1"),
            preserve_default=False,
        ),
    ]
