"""A snapshot says which saved files were written by something in the sandbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("labsessions", "0004_session_life"),)

    operations = (migrations.AddField("snapshot", "changed", models.JSONField(default=dict)),)
