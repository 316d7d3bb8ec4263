"""Who a request comes from: what nearly every page asks the database first, by queries that are made once."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import DateTimeField
from django.utils import timezone

from portal.accounts.models import User
from portal.core.prepared import Parameter, Prepared

_SESSION = Prepared(
    lambda: Session.objects.filter(
        session_key=Parameter("key"), expire_date__gt=Parameter("now", DateTimeField())
    ).order_by()[:1]
)
_USER = Prepared(lambda: User.objects.filter(pk=Parameter("pk"), is_active=True).order_by()[:1])


class SessionStore(db.SessionStore):
    """Django's sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


class PortalBackend(ModelBackend):
    """Django's accounts with a password."""

    def get_user(self, user_id: int) -> User | None:
        """An account that may be used, as long as it may."""
        return _USER.first(pk=user_id)
