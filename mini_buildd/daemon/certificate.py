"""The certificate of the servers, looked after: made anew in time, and people told of its end."""

from datetime import timedelta

from OpenSSL import crypto

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.flow.troubles import Troubles
from mini_buildd.incoming.certificate import CertificateFiles, certificate_files, ends_at
from mini_buildd.incoming.tls import TlsContext
from mini_buildd.kit.clock import Clock

_NAME, _END = "The TLS certificate", "The end of the TLS certificate"
_WARNED_BEFORE = timedelta(days=14)


class Certificate:
    """The one that the *settings* name, or our own."""

    def __init__(
        self, settings: Settings, places: Places, clock: Clock, troubles: Troubles
    ) -> None:
        self._settings, self._places = settings, places
        self._clock, self._troubles = clock, troubles

    def context(self) -> TlsContext:
        """TLS for one server; raises CertificateUnusable."""
        return TlsContext(self._files(), self._tell)

    def thd_look_after(self) -> None:
        """Make our own anew before its end, and warn of that of a given one."""
        self._warn(self._files())

    def _files(self) -> CertificateFiles:
        return certificate_files(self._settings, self._places, self._clock())

    def _tell(self, why: str) -> None:
        if why:
            self._troubles.note(
                _NAME, why, what="cannot be used", meanwhile="The one before it is used on."
            )
        else:
            self._troubles.over(_NAME)

    def _warn(self, files: CertificateFiles) -> None:
        try:
            ends = ends_at(files.certificate)
        except (OSError, crypto.Error):  # whoever connects next finds out, and tells why
            return
        if ends - _WARNED_BEFORE > self._clock():
            self._troubles.over(_END)
            return
        self._troubles.note(
            _END,
            f"{files.certificate} is good until {ends:%Y-%m-%d %H:%M} UTC.",
            what="is near" if ends > self._clock() else "has come",
            meanwhile="Put a new one in its place; it is taken at once.",
        )
