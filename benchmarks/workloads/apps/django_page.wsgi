"""A Django page: sessions off, a template over forty rows of SQLite, as a small shop has."""

import os
import sqlite3
import tempfile

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import Context, Engine
from django.urls import path

_DATABASE = os.path.join(tempfile.gettempdir(), f"tuner-bench-{os.getuid()}.sqlite3")

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _DATABASE}},
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
)
django.setup()

from django.db import connection, models  # noqa: E402 - Django must be set up


class Item(models.Model):
    """One row of the shop."""

    name = models.CharField(max_length=100)
    price = models.IntegerField()

    class Meta:
        """Where it lives."""

        app_label = "shop"
        db_table = "shop_item"


def _fill():
    with sqlite3.connect(_DATABASE, timeout=20) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS shop_item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)"
        )
        if not database.execute("SELECT count(*) FROM shop_item").fetchone()[0]:
            database.executemany(
                "INSERT INTO shop_item (name, price) VALUES (?, ?)",
                [(f"Item {number}", number) for number in range(400)],
            )


_fill()
_TEMPLATE = Engine().from_string(
    "<ul>{% for item in items %}<li>{{ item.name|title }}: {{ item.price }}</li>{% endfor %}</ul>"
)


def shop(request):
    """Render forty items."""
    items = list(Item.objects.filter(price__gte=10).order_by("name")[:40])
    return HttpResponse(_TEMPLATE.render(Context({"items": items})))


urlpatterns = [path("", shop)]
application = get_wsgi_application()
assert connection.vendor == "sqlite"
