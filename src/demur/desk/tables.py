"""A table's data beside its page: the same rows as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse

FORMATS = ("json", "csv")


def answer(form: str, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """The rows in the form asked for; `name` is what the file is called when it is saved."""
    if form == "json":
        kept = [{column: row.get(column) for column in columns} for row in rows]
        return JsonResponse({name: kept}, json_dumps_params={"indent": 1, "ensure_ascii": False})
    if form != "csv":
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: Any) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    # A spreadsheet runs what begins so; what an authority wrote must stay text.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
