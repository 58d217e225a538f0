"""What somebody is told whose transfer is refused before there is an upload to speak of."""

from mini_buildd.domain.problem import Problem


class TransferRefused(Problem):
    """A file is not taken in; subclasses say why."""

    code = "transfer-refused"
    title = "Not taken in"


class UploadsClosed(TransferRefused):
    """This way in is closed by the settings."""

    code = "uploads-closed"
    title = "No uploads are taken in this way"


class SignInNeeded(TransferRefused):
    """Nobody, or nobody whom we know, says that it is they who upload."""

    code = "sign-in-needed"
    title = "Uploads need an account"


class TooManyConnections(TransferRefused):
    """There are as many connections as there may be."""

    code = "too-many-connections"
    title = "Too many connections"


class FileNameRefused(TransferRefused):
    """A name that no file of an upload can have."""

    code = "file-name-refused"
    title = "Not a plain file name"


class FileTooLarge(TransferRefused):
    """The file would be larger than any may be."""

    code = "file-too-large"
    title = "The file is too large"


class NoRoom(TransferRefused):
    """The spool, or the disk, is full."""

    code = "no-room"
    title = "There is no room for the file"


class RequestMalformed(TransferRefused):
    """The request does not say what it must, or says it in another form."""

    code = "request-malformed"
    title = "The request is not well-formed"


class TransferUnknown(TransferRefused):
    """No transfer of that name is under way."""

    code = "transfer-unknown"
    title = "No such transfer"


class OffsetDiffers(TransferRefused):
    """The client goes on from another place than where we are."""

    code = "offset-differs"
    title = "The transfer goes on elsewhere"


class ChecksumDiffers(TransferRefused):
    """The bytes of a request are not those that its checksum is of."""

    code = "checksum-differs"
    title = "The bytes are not those that were sent"


class ProtocolUnknown(TransferRefused):
    """A version of the protocol for resumable transfers that we do not speak."""

    code = "protocol-unknown"
    title = "Another version of the protocol is spoken here"


class MethodRefused(TransferRefused):
    """A method that the place does not have."""

    code = "method-refused"
    title = "Not with this method"


class ContentTypeRefused(TransferRefused):
    """A body of a type that the place does not take."""

    code = "content-type-refused"
    title = "Not with this content type"
