from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from portal.accounts.models import User


@admin.register(User)
class PortalUserAdmin(UserAdmin):
    """Django's own page, with the language among the personal facts."""

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, (None, {"fields": ("language",)})) if obj else fieldsets
