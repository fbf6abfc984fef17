"""The desk as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from .watch import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
application = get_wsgi_application()
# Whoever serves may be killed: nobody would look after what answers on its port then.
end_with_parent()
