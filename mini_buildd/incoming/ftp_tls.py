"""TLS for FTP, as RFC 4217 has it: asked for by AUTH, for data by PBSZ and PROT.

Twisted's FTP has none of it. Whatever a client (or somebody on the way) sent in the clear behind
its AUTH is dropped: else it would be obeyed as if it had come under the protection of TLS.
"""

from enum import StrEnum
from typing import Any

from twisted.protocols import ftp

from mini_buildd.incoming.tls import TlsContext

AUTH_OK = "234"
PBSZ_OK = "200.pbsz"
PROT_OK = "200.prot"
PROT_NOT_KNOWN = "504.prot"
NOT_SECURED = "530.tls"
SECURED_ALREADY = "503.tls"
DATA_NOT_SECURED = "521"
POLICY_SAYS_NO = "534"

ftp.RESPONSE.update(
    {
        AUTH_OK: "234 Begin the TLS handshake.",
        PBSZ_OK: "200 PBSZ=0",
        PROT_OK: "200 Data connections are %s.",
        PROT_NOT_KNOWN: "504 Not a level of protection that is known here: %s",
        NOT_SECURED: "530 TLS is required here: send AUTH TLS first.",
        SECURED_ALREADY: "503 This connection is protected by TLS already.",
        DATA_NOT_SECURED: "521 TLS is required for data as well: send PBSZ 0, then PROT P.",
        POLICY_SAYS_NO: "534 Data in the clear are not taken here.",
    }
)


class TlsUse(StrEnum):
    """Whether clients may, or must, speak TLS."""

    OFF = "off"
    OFFERED = "offered"
    REQUIRED = "required"


class SecuredFTP(ftp.FTP):
    """The commands of RFC 4217, and what may be asked for before them."""

    factory: Any
    transport: Any
    dtpFactory: Any
    is_secure = False
    has_private_data = False
    _has_buffer_size = False

    @property
    def _is_required(self) -> bool:
        return bool(self.factory.tls_use is TlsUse.REQUIRED)

    def processCommand(self, cmd: str, *params: str) -> Any:
        """Nothing of importance in the clear, where TLS is required."""
        name = cmd.upper()
        if name in ("AUTH", "PBSZ", "PROT"):
            return getattr(self, f"ftp_{name}")(*params)
        if self._is_required and not self.is_secure and name not in ("FEAT", "QUIT"):
            return (NOT_SECURED,)
        return super().processCommand(cmd, *params)

    def ftp_FEAT(self) -> None:
        """What can be had here (RFC 2389)."""
        has_tls = self.factory.tls_use is not TlsUse.OFF
        known = ["EPSV", "PASV", *(["AUTH TLS", "PBSZ", "PROT"] if has_tls else [])]
        self.sendLine("211-Features:")
        for feature in known:
            self.sendLine(f" {feature}")
        self.sendLine("211 End")

    def ftp_AUTH(self, mechanism: str) -> Any:
        """Speak TLS from here on."""
        tls: TlsContext | None = self.factory.tls
        if tls is None or mechanism.upper() not in ("TLS", "TLS-C", "SSL"):
            return (ftp.CMD_NOT_IMPLMNTD_FOR_PARAM, "AUTH")
        if self.is_secure:
            return (SECURED_ALREADY,)
        self.reply(AUTH_OK)
        self.clearLineBuffer()
        self.is_secure = True
        # Whoever this was in the clear has to say so anew.
        self.state = self.UNAUTH
        self.transport.startTLS(tls)
        return None

    def ftp_PBSZ(self, size: str) -> Any:
        """TLS has blocks of its own, so that the only answer is 0 (RFC 4217 §8)."""
        del size
        if not self.is_secure:
            raise ftp.BadCmdSequenceError("AUTH TLS comes first")
        self._has_buffer_size = True
        return (PBSZ_OK,)

    def ftp_PROT(self, level: str) -> Any:
        """Whether data connections speak TLS: P(rivate) or C(lear)."""
        if not self._has_buffer_size:
            raise ftp.BadCmdSequenceError("PBSZ 0 comes first")
        if level.upper() not in ("P", "C"):
            return (PROT_NOT_KNOWN, level)
        if level.upper() == "C" and self._is_required:
            return (POLICY_SAYS_NO,)
        if self.dtpFactory is not None:  # what is open already has the other level
            self.cleanupDTP()
        self.has_private_data = level.upper() == "P"
        return (PROT_OK, "private" if self.has_private_data else "clear")

    def demand_private_data(self) -> None:
        """Raise when data would go in the clear where TLS is required."""
        if self._is_required and not self.has_private_data:
            raise DataNotSecured


class DataNotSecured(ftp.FTPCmdError):
    """TLS is required, and PROT P was not said."""

    errorCode = DATA_NOT_SECURED

    def response(self) -> str:
        """The whole answer."""
        return str(ftp.RESPONSE[DATA_NOT_SECURED])
