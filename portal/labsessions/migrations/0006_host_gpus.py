"""A host says which GPUs it lends."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("labsessions", "0005_snapshot_changed"),)

    operations = (
        migrations.AddField(
            model_name="host",
            name="gpus",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
    )
