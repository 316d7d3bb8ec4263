# ruff: noqa: RUF012 -- as makemigrations writes them
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A page is one line of the syllabus, no longer a whole topic. The next sync writes them all anew."""

    dependencies = [
        ("courses", "0003_explanations"),
    ]

    operations = [
        migrations.AddField("course", "glossary", models.JSONField(default=list)),
        migrations.RemoveField("lab", "page"),
        migrations.DeleteModel("Page"),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=60)),
                ("position", models.PositiveSmallIntegerField()),
                ("number", models.CharField(max_length=10)),
                ("titles", models.JSONField()),
                ("hours", models.FloatField()),
                ("marked", models.BooleanField(default=False)),
                (
                    "module",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="topics", to="courses.module"
                    ),
                ),
            ],
            options={
                "ordering": ("module__number", "position"),
                "constraints": [models.UniqueConstraint(fields=("module", "slug"), name="topic_once_a_module")],
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=60)),
                ("position", models.PositiveSmallIntegerField()),
                ("number", models.CharField(max_length=10)),
                ("titles", models.JSONField()),
                ("marked", models.BooleanField(default=False)),
                ("labs", models.JSONField(default=list)),
                ("after", models.JSONField(default=list)),
                ("bodies", models.JSONField()),
                (
                    "topic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="courses.topic"
                    ),
                ),
            ],
            options={
                "ordering": ("topic__module__number", "topic__position", "position"),
                "constraints": [models.UniqueConstraint(fields=("topic", "slug"), name="page_once_a_topic")],
            },
        ),
        migrations.AddField(
            "lab",
            "page",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="courses.page"
            ),
        ),
    ]
