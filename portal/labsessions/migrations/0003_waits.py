# ruff: noqa: RUF012 -- written by makemigrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labsessions", "0002_deleted_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="labsession",
            name="admitted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="labsession",
            name="joined_behind",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="labsession",
            name="place",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="labsession",
            name="ready_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="labsession",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="labsession",
            name="turn",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="labsession",
            index=models.Index(fields=["turn"], name="session_turn"),
        ),
    ]
