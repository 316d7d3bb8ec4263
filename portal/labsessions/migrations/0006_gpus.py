"""A host says which GPUs it lends, a session whether it was sent to one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("labsessions", "0005_snapshot_changed"),)

    operations = (
        migrations.AddField("host", "gpus", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddField(
            "labsession",
            "gpu",
            models.BooleanField(default=False, help_text="whether it was sent to the hosts that lend a GPU"),
        ),
    )
