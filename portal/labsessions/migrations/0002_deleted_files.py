# ruff: noqa: RUF012 -- written by makemigrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labsessions", "0001_workspaces_sessions_hosts")]

    operations = [
        migrations.AddField(
            model_name="workspacefile",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
