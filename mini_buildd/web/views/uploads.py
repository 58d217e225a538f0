"""The list of uploads, and one upload."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.uploads import find_upload, list_uploads
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.web.views.build_acts import acts_on_upload
from mini_buildd.web.views.query_string import before

_MOVING = (SourceState.ACCEPTED, SourceState.BUILDING, SourceState.READY)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Uploads, newest first."""
    return render(request, "mini_buildd/uploads.html", {"page": list_uploads(before(request))})


@require_safe
def show(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One upload; it refreshes itself until it has come to its end."""
    upload = find_upload(upload_id)
    if upload is None:
        raise Http404(f"There is no upload {upload_id}.")
    row = upload.row
    is_moving = row.state is UploadState.RECEIVED or row.source_state in _MOVING
    acts = acts_on_upload(request, upload)
    context = {"upload": upload, "row": row, "is_moving": is_moving, **acts}
    return render(request, "mini_buildd/upload.html", context)
