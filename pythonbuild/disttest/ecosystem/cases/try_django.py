"""A page with a template, a form and a database, asked for over HTTP."""

import threading
import urllib.error
import urllib.parse
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}},
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after the settings, as everything below
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402

call_command("migrate", verbosity=0)
PAGE = engines["django"].from_string("<ul>{% for user in users %}<li>{{ user.username }}</li>{% endfor %}</ul>")


def users(request):
    """Add a user by POST; list them."""
    if request.method == "POST":
        User.objects.create_user(request.POST["name"], password="x")
    return HttpResponse(PAGE.render({"users": User.objects.order_by("username")}))


urlpatterns = [path("users/", users)]


class Quiet(WSGIRequestHandler):
    """Don't print requests."""

    def log_message(self, *_):
        """Say nothing."""


server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/users/"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
for name in ("zoë", "<ada>"):
    opener.open(address, urllib.parse.urlencode({"name": name}).encode(), timeout=60).close()
page = opener.open(address, timeout=60).read().decode()
assert page == "<ul><li>&lt;ada&gt;</li><li>zoë</li></ul>", page
assert User.objects.get(username="zoë").check_password("x")
try:
    opener.open(address + "missing/", timeout=60)
except urllib.error.HTTPError as error:
    assert error.code == 404
else:
    raise AssertionError("a missing page was found")
server.shutdown()
