"""A lab may have another environment where a GPU is lent."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("courses", "0005_reading_and_certificates"),)

    operations = (
        migrations.AddField(
            model_name="lab",
            name="gpu_environment",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="courses.environment"
            ),
        ),
    )
