"""The ASGI application that uvicorn serves."""

import os
import resource
import warnings

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from portal.core.handler import PortalHandler  # noqa: E402 -- reads the settings

# WhiteNoise hands out files as plain iterators, which Django reads whole: they are all small.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
# Each live stream holds a connection open: as many as the machine allows, not the 1024 that many start with.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))
application = PortalHandler()
