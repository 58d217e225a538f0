"""What a person is told when something is refused: one class per cause.

Every door renders the same four things: a stable code, what was expected, what was found, and the
next step. doc/reference/problems.md and the page on problems are made from this file: a docstring
says there what the cause is, and *next_step* what usually helps.
"""

from typing import ClassVar


class Problem(Exception):
    """A cause with its code; subclasses give the code and a title of a few words."""

    code: ClassVar[str] = "problem"
    title: ClassVar[str] = "Something is not right"
    next_step: ClassVar[str] = ""

    def __init__(self, *, expected: str, found: str, hint: str) -> None:
        super().__init__(f"{self.title}: expected {expected}; found {found}. {hint}")
        self.expected = expected
        self.found = found
        self.hint = hint


class Rejection(Problem):
    """An upload cannot be accepted."""

    code = "upload-rejected"
    title = "The upload is rejected"


class SignatureMissing(Rejection):
    """No signature, or something stands outside the signed block."""

    code = "signature-missing"
    title = "Not one whole signed text"
    next_step = "Sign it with debsign and upload again."


class SignatureBad(Rejection):
    """The signature does not fit the text, or is expired or revoked."""

    code = "signature-bad"
    title = "The signature does not hold"
    next_step = "Sign the unchanged file with a valid key (debsign) and upload again."


class SignerUnknown(Rejection):
    """Signed by a key that nobody registered."""

    code = "signer-unknown"
    title = "Signed by a key that is not registered here"
    next_step = "Give your public key on the page “me” and have it approved, or sign with another."


class SignerNotAllowed(Rejection):
    """A known signer without the right to upload there."""

    code = "signer-not-allowed"
    title = "The signer may not upload to this repository"
    next_step = "Ask an administrator for the right, or upload to another repository."


class ChangesMalformed(Rejection):
    """The signed text is not a well-formed .changes or .dsc."""

    code = "changes-malformed"
    title = "The upload's control data is malformed"
    next_step = "Build the source package again and upload what comes out unchanged."


class SignatureOld(Rejection):
    """The signature is older than uploads may be here, and may be replayed by somebody else."""

    code = "signature-old"
    title = "The signature is too old"
    next_step = "Sign it again with debsign, and upload."


class ChangesFormatUnknown(Rejection):
    """The .changes is written in a format that nobody here knows (deb-changes(5))."""

    code = "changes-format-unknown"
    title = "Unknown format of the .changes"
    next_step = "Build the upload with the dpkg-dev of a release that is still supported."


class DateMalformed(Rejection):
    """The date of the .changes is none (Debian Policy 5.6.8)."""

    code = "date-malformed"
    title = "The date is none"
    next_step = "Correct the last line of the changelog's top entry: dch --release writes it."


class PersonMalformed(Rejection):
    """Maintainer or Changed-By is not a name with a mail address (Debian Policy 5.6.2, 5.6.4)."""

    code = "person-malformed"
    title = "Not a name with a mail address"
    next_step = "Correct Maintainer in debian/control, or who signed the changelog's top entry."


class UrgencyUnknown(Rejection):
    """The urgency is none of Debian's (Debian Policy 5.6.17)."""

    code = "urgency-unknown"
    title = "Unknown urgency"
    next_step = "Correct the urgency in the first line of the changelog's top entry."


class ClosesMalformed(Rejection):
    """Closes holds something else than numbers of bugs (Debian Policy 5.6.22)."""

    code = "closes-malformed"
    title = "Closes does not name bugs by numbers"
    next_step = "Build the source package again and upload what comes out unchanged."


class DescriptionMalformed(Rejection):
    """A line of Description is not a binary package with its short description."""

    code = "description-malformed"
    title = "A description without its package"
    next_step = "Build the source package again and upload what comes out unchanged."


class ArchitectureDiffers(Rejection):
    """The files are for other architectures than the field Architecture names."""

    code = "architecture-differs"
    title = "Architecture does not fit the files"
    next_step = "Build the source package again and upload what comes out unchanged."


class BinaryDiffers(Rejection):
    """Binary names packages that the .dsc does not know."""

    code = "binary-differs"
    title = "Binary does not fit the source package"
    next_step = "Build the source package again and upload what comes out unchanged."


class DscDiffers(Rejection):
    """The .dsc is of another source package or version than the .changes says."""

    code = "dsc-differs"
    title = "The .dsc is not the one of the .changes"
    next_step = "Build the source package again and upload what comes out unchanged."


class SourceFormatUnknown(Rejection):
    """The source package has a format that is not built here (dpkg-source(1))."""

    code = "source-format-unknown"
    title = "Unknown format of the source package"
    next_step = "Set 1.0, 3.0 (quilt), 3.0 (native) or 3.0 (git) in debian/source/format."


class FileMissing(Rejection):
    """A file that the .changes names did not arrive."""

    code = "file-missing"
    title = "A file of the upload did not arrive"
    next_step = "Upload all files again: dput --force."


class FileDiffers(Rejection):
    """A file arrived with another size or digest than was signed."""

    code = "file-differs"
    title = "A file is not the one that was signed"
    next_step = "Build, sign and upload again."


class SourceMissing(Rejection):
    """There is no source package in the upload."""

    code = "source-missing"
    title = "The upload holds no source package"
    next_step = "Build the upload with its source: dpkg-buildpackage -S."


class SourceIncomplete(Rejection):
    """The .dsc names a file that neither the upload nor the pool has."""

    code = "source-incomplete"
    title = "A part of the source package is missing"
    next_step = "Include the upstream tarball: dpkg-buildpackage -S -sa."


class DistributionUnknown(Rejection):
    """No such distribution here."""

    code = "distribution-unknown"
    title = "Unknown distribution"
    next_step = "Name a distribution of this instance in the changelog's top entry."


class DistributionClosed(Rejection):
    """The distribution takes no uploads."""

    code = "distribution-closed"
    title = "The distribution takes no uploads"
    next_step = "Upload to the suite that migrates there."


class VersionAgainstRule(Rejection):
    """The version does not end as the suite demands."""

    code = "version-against-rule"
    title = "The version breaks the rule of its suite"
    next_step = "End the version as the suite demands."


class VersionExists(Rejection):
    """This very version was accepted before."""

    code = "version-exists"
    title = "This version was accepted before"
    next_step = "Raise the number at the end of the version and upload again."


class VersionTooLow(Rejection):
    """A later version is there already."""

    code = "version-too-low"
    title = "A later version is there already"
    next_step = "Raise the version; to go back to a lower one, remove the later one first."


class FileConflicts(Rejection):
    """The pool has a file of that name with other content."""

    code = "file-conflicts"
    title = "The archive has another file of this name"
    next_step = "Give the changed content a new version, or upload the archive's file."


class SourceReserved(Rejection):
    """A name that belongs to the archive's own keyring package, or its key used for another."""

    code = "source-reserved"
    title = "Only the archive itself uploads its keyring, and nothing else"
    next_step = "Give the package another name."


class NothingToBuild(Rejection):
    """No architecture of the distribution fits the source package."""

    code = "nothing-to-build"
    title = "No architecture here builds this source package"
    next_step = "Correct Architecture in debian/control, or have one added to the distribution."


class OptionUnknown(Rejection):
    """The changelog asks for something by a name that nobody knows."""

    code = "option-unknown"
    title = "The changelog has an unknown upload option"
    next_step = "Correct it in the changelog's top entry, build and upload again."


class OptionMalformed(Rejection):
    """An upload option in the changelog cannot be read, or its value does not fit."""

    code = "option-malformed"
    title = "The changelog has an upload option that is not well-formed"
    next_step = "Correct it in the changelog's top entry, build and upload again."


class RebuildImpossible(Problem):
    """Binary packages cannot be built again as it was asked for."""

    code = "rebuild-impossible"
    title = "This cannot be built again"


class ResultRefused(Problem):
    """What a builder handed in does not fit what it was asked to build."""

    code = "result-refused"
    title = "The build's result is refused"


class BuildUnknown(Problem):
    """No such build."""

    code = "build-unknown"
    title = "No such build"


class BuildEnded(Problem):
    """A build cannot be cancelled that has ended already, or is being ended."""

    code = "build-ended"
    title = "The build cannot be cancelled any more"


class RetryImpossible(Problem):
    """A build cannot be tried again."""

    code = "retry-impossible"
    title = "The build cannot be tried again"


class BuilderUnknown(Problem):
    """No such builder."""

    code = "builder-unknown"
    title = "No such builder"


class KeyUnknown(Problem):
    """The instance has no such signing key."""

    code = "key-unknown"
    title = "No such key signs here"


class KeyIsLast(Problem):
    """Without this key nothing could be signed any more."""

    code = "key-is-last"
    title = "The last key cannot be retired"


class SetupImpossible(Problem):
    """A configuration cannot be made as it was asked for."""

    code = "setup-impossible"
    title = "This cannot be set up"


class FirstAdministratorRefused(Problem):
    """Only who can read the instance's folder becomes its first administrator."""

    code = "first-administrator-refused"
    title = "This makes nobody an administrator"
    next_step = "Read the file first-administrator there, or run: mini-buildd admin NAME"


class SubidsMissing(Problem):
    """Who runs this has no range of subordinate ids, and so can have no user namespace."""

    code = "subids-missing"
    title = "There are no subordinate ids"


class ArchitectureNotRunnable(Problem):
    """This machine runs no programs of an architecture."""

    code = "architecture-not-runnable"
    title = "This machine cannot run that architecture"


class SnippetUnknown(Problem):
    """A snippet for chroots that the library does not have."""

    code = "snippet-unknown"
    title = "There is no such snippet"


class ChrootUnknown(Problem):
    """A chroot that is not configured."""

    code = "chroot-unknown"
    title = "There is no such chroot"


class ChrootUnfit(Problem):
    """A chroot was made, or is there, in which something does not work."""

    code = "chroot-unfit"
    title = "The chroot does not work"


class NotAllowed(Problem):
    """Whoever asks may not do this."""

    code = "not-allowed"
    title = "This is not allowed"


class SignInFailed(Problem):
    """Who comes with a secret that is not right, or in the name of nobody; the two look alike."""

    code = "sign-in-failed"
    title = "This lets nobody in"


class TooManyAttempts(Problem):
    """Whoever failed to sign in too often has to wait, *retry_after_seconds*."""

    code = "too-many-attempts"
    title = "Too many attempts to sign in"

    def __init__(
        self, *, expected: str, found: str, hint: str, retry_after_seconds: int = 0
    ) -> None:
        super().__init__(expected=expected, found=found, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class SuiteFrozen(Problem):
    """The suite is frozen: nothing comes in or goes out."""

    code = "suite-frozen"
    title = "The suite is frozen"


class SuiteUnknown(Problem):
    """No such distribution, or none that this can be done with."""

    code = "suite-unknown"
    title = "Unknown suite"


class PackageUnknown(Problem):
    """No such source package, or no such version of it."""

    code = "package-unknown"
    title = "Unknown package"


class RepositoryUnknown(Problem):
    """No such repository."""

    code = "repository-unknown"
    title = "Unknown repository"


class SuiteVersionUnknown(Problem):
    """The suite never had this version, or apt cannot be led to it any more."""

    code = "suite-version-unknown"
    title = "Unknown version of the suite"


class PackageNotThere(Problem):
    """The suite has no such source package."""

    code = "package-not-there"
    title = "The suite has no such source package"


class VersionNotKept(Problem):
    """The version of a suite was never there, or its packages may be gone."""

    code = "version-not-kept"
    title = "This version of the suite is not kept"


class NoWayThere(Problem):
    """A source package cannot go from one suite to the other."""

    code = "no-way-there"
    title = "The package cannot go there"


class WouldBreak(Problem):
    """What is asked for would make packages uninstallable."""

    code = "would-break"
    title = "Packages would become uninstallable"


class NothingToDo(Problem):
    """All that is asked for is so already."""

    code = "nothing-to-do"
    title = "There is nothing to do"


class SnapshotUnknown(Problem):
    """No such snapshot, or one too many of that name."""

    code = "snapshot-unknown"
    title = "This snapshot cannot be used"


class SuiteMovedOn(Problem):
    """Somebody changed the suite between what was shown and the word to do it."""

    code = "suite-moved-on"
    title = "The suite has changed meanwhile"


class CheckImpossible(Problem):
    """Whether a change does harm cannot be told, for want of a tool or of package lists."""

    code = "check-impossible"
    title = "The check cannot be carried out"


class ReadyMadeClosed(Problem):
    """The suite takes only what was built here."""

    code = "ready-made-closed"
    title = "The suite takes no ready-made packages"


class PackageRefused(Problem):
    """A file from outside is no package, or none that can be told from what is there."""

    code = "package-refused"
    title = "Packages cannot be taken in"


class ImportImpossible(Problem):
    """Another archive cannot be imported as it is, or not as it was asked for."""

    code = "import-impossible"
    title = "The archive cannot be imported"


class CertificateUnusable(Problem):
    """The certificate that servers are to show cannot be used."""

    code = "certificate-unusable"
    title = "The TLS certificate cannot be used"


class UploadUnknown(Problem):
    """No such upload."""

    code = "upload-unknown"
    title = "No such upload"


class LogUnknown(Problem):
    """No such log, or not any more."""

    code = "log-unknown"
    title = "No such log"


class RequestForged(Problem):
    """A change is asked for in somebody's name by what may be a page of somebody else."""

    code = "request-forged"
    title = "The request does not say where it comes from"


class ParameterUnknown(Problem):
    """A request to the API has a parameter that the call does not know."""

    code = "parameter-unknown"
    title = "The call has no such parameter"


class BodyRefused(Problem):
    """The body of a request to the API is of a type that the call does not take."""

    code = "body-refused"
    title = "The body is not of the type that is needed"


class KeyReused(Problem):
    """An Idempotency-Key that was given with another request."""

    code = "key-reused"
    title = "The key belongs to another request"


class AnswerPending(Problem):
    """The same request is being answered, or nobody knows what became of it."""

    code = "answer-pending"
    title = "The same request has no answer yet"


class AnswerNotKept(Problem):
    """The same request was answered with something that is kept nowhere."""

    code = "answer-not-kept"
    title = "The request was answered, and the answer is not kept"


class TokenImpossible(Problem):
    """An API token cannot be made as it was asked for."""

    code = "token-impossible"
    title = "Such a token cannot be made"


class TokenUnknown(Problem):
    """No such API token, or somebody else's."""

    code = "token-unknown"
    title = "No such token"


class AccountUnknown(Problem):
    """No such account."""

    code = "account-unknown"
    title = "No such account"


class AccountImpossible(Problem):
    """An account cannot be made as it was asked for."""

    code = "account-impossible"
    title = "Such an account cannot be made"


class UploaderKeyUnfit(Problem):
    """A key that somebody gives as theirs cannot be used, or not any more."""

    code = "uploader-key-unfit"
    title = "This key cannot be used"


class UploaderKeyTaken(Problem):
    """A key is registered for another account."""

    code = "uploader-key-taken"
    title = "This key is another account's"


class UploaderKeyUnknown(Problem):
    """No account has such a key."""

    code = "uploader-key-unknown"
    title = "No such key"


class RightImpossible(Problem):
    """A right cannot be given as it was asked for."""

    code = "right-impossible"
    title = "This right cannot be given"


class RightUnknown(Problem):
    """The repository has no such right to withdraw."""

    code = "right-unknown"
    title = "No such right"


class WebhookImpossible(Problem):
    """A webhook cannot be made, or asked for something, as it was said."""

    code = "webhook-impossible"
    title = "Such a webhook cannot be"


class WebhookUnknown(Problem):
    """No such webhook, or somebody else's."""

    code = "webhook-unknown"
    title = "No such webhook"


class DeliveryUnknown(Problem):
    """No such delivery of the webhook, or not any more."""

    code = "delivery-unknown"
    title = "No such delivery"


class SubscriptionImpossible(Problem):
    """A subscription cannot be made as it was asked for."""

    code = "subscription-impossible"
    title = "Such a subscription cannot be made"


class SubscriptionUnknown(Problem):
    """No such subscription, or somebody else's."""

    code = "subscription-unknown"
    title = "No such subscription"


class DiskFull(Problem):
    """There is no room for what is to be written."""

    code = "disk-full"
    title = "The disk is full"


class ConfigurationMalformed(Problem):
    """A file of a configuration says what cannot be, or nobody knows what."""

    code = "configuration-malformed"
    title = "The file of the configuration is malformed"


class ConfigurationImpossible(Problem):
    """A configuration cannot be brought about on this instance."""

    code = "configuration-impossible"
    title = "The configuration cannot be brought about"


class BackupImpossible(Problem):
    """An instance cannot be saved there, or not be restored from there."""

    code = "backup-impossible"
    title = "This cannot be saved or restored"
