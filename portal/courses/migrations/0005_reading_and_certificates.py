# ruff: noqa: RUF012 -- as makemigrations writes them
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import portal.courses.records


class Migration(migrations.Migration):
    """What readers have read, where they were last, and certificates; the next sync fills in the minutes."""

    dependencies = [
        ("courses", "0004_topics_with_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="certificate_share",
            field=models.PositiveSmallIntegerField(
                default=100,
                help_text="Percent of the pages to read, and of the labs to pass.",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                verbose_name="share for the certificate",
            ),
        ),
        migrations.AddField(
            model_name="cohort",
            name="enforce_order",
            field=models.BooleanField(
                default=False,
                help_text="A page opens once those that it builds on have been read.",
                verbose_name="pages in order",
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="minutes",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        default=portal.courses.records.new_code,
                        editable=False,
                        max_length=14,
                        unique=True,
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(editable=False, max_length=300, verbose_name="name")),
                ("titles", models.JSONField(editable=False)),
                ("cohort", models.CharField(editable=False, max_length=120, verbose_name="cohort")),
                ("hours", models.FloatField(editable=False, verbose_name="hours")),
                ("language", models.CharField(editable=False, max_length=5, verbose_name="language")),
                ("issued_at", models.DateTimeField(editable=False, verbose_name="issued")),
                ("revoked_at", models.DateTimeField(editable=False, null=True, verbose_name="revoked")),
                (
                    "enrollment",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="certificate",
                        to="courses.enrollment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LastPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("page", "page"), ("lab", "lab")], max_length=4)),
                ("slug", models.CharField(max_length=60)),
                ("anchor", models.CharField(blank=True, max_length=200)),
                ("heading", models.CharField(blank=True, max_length=200)),
                ("language", models.CharField(max_length=5)),
                ("at", models.DateTimeField()),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="last_place", to="courses.enrollment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PageRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=60)),
                ("read_at", models.DateTimeField()),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reads", to="courses.enrollment"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("enrollment", "page"), name="page_read_once")],
            },
        ),
    ]
