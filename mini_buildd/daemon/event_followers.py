"""Those who follow events: on a stream, or with a call that waits for one.

The hub tells them what is new. Who is too slow for that is asked for again where they are, as if
they had come anew: that reads from the database, and sees once more whether they may.
"""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from mini_buildd.api.event_stream import position as position_only
from mini_buildd.daemon.django_call import Answered, send, send_head
from mini_buildd.daemon.event_desk import EventDesk
from mini_buildd.daemon.event_ring import View
from mini_buildd.domain.permission import Act, may
from mini_buildd.flow.follow import Follow

# A client that has taken nothing for so many beats of the hub is cut off, and may come again.
_MOST_BEATS_PAUSED = 4
_STILL_HERE = b":\n\n"


class _Following(ABC):
    """One who is told; knows what they may hear of."""

    def __init__(
        self, request: Any, desk: EventDesk, environ: dict[str, Any], follow: Follow
    ) -> None:
        self.environ = environ
        self.position = follow.after
        self._request = request
        self._desk = desk
        self._follow = follow
        self._is_over = False
        self._made: tuple[Follow, frozenset[str], View] | None = None
        request.notifyFinish().addBoth(self._gone)

    def _gone(self, _: object) -> None:
        self._is_over = True
        self._desk.hub.remove(self)

    @abstractmethod
    def tell(self) -> None:
        """There may be something after their position."""

    @abstractmethod
    def beat(self) -> None:
        """Some seconds have passed."""

    @abstractmethod
    def close(self) -> None:
        """End it, since the daemon does or since they may not follow any more."""

    def _view(self) -> View:
        """What they want and may; made anew when that may have changed."""
        follow, private = self._follow, self._desk.hub.private
        made = self._made
        if made is None or made[0] is not follow or made[1] is not private:
            actor = follow.actor
            hidden = frozenset(
                name
                for name in private
                if not may(actor, Act.SEE, repository=name, is_private=True)
            )
            view = View(follow.wish, actor.name, actor.is_admin, hidden)
            made = self._made = (follow, private, view)
        return made[2]


class Poll(_Following):
    """A call that waits for an event, and is asked again once there is one."""

    def __init__(
        self,
        request: Any,
        desk: EventDesk,
        environ: dict[str, Any],
        answered: Answered,
        follow: Follow,
    ) -> None:
        super().__init__(request, desk, environ, follow)
        self._answered = answered
        self._is_asking = False
        self._is_late = False

    def begin(self) -> None:
        """Wait, but not for longer than was asked for."""
        seconds = self._follow.wait_seconds or 0
        self._timer = self._desk.reactor.callLater(seconds, self.close)
        self._request.notifyFinish().addBoth(lambda _: self._stop_timer())
        self._desk.hub.add(self)

    def _stop_timer(self) -> None:
        if self._timer.active():
            self._timer.cancel()

    def tell(self) -> None:
        """Ask again, if there is an event for them."""
        if self._is_asking or self._is_over:
            return
        if self._desk.hub.ring.has(self._view(), self.position):
            self._is_asking = True
            self._desk.ask(self.environ, self._asked)

    def _asked(self, answered: Answered) -> None:
        """Answer, unless there was nothing after all."""
        self._is_asking = False
        self._answered = answered
        if answered.follow is None or self._is_late:
            self.close()
        else:
            self._follow = answered.follow
            self.position = answered.follow.after
            self.tell()

    def beat(self) -> None:
        """Nothing is said to who waits for one answer."""

    def close(self) -> None:
        """Answer with what there was when it was asked last."""
        self._is_late = True
        if not (self._is_asking or self._is_over):
            send(self._request, self._answered)


@implementer(IPushProducer)
class Stream(_Following):
    """A connection on which events are told until it ends."""

    def __init__(
        self, request: Any, desk: EventDesk, environ: dict[str, Any], follow: Follow
    ) -> None:
        super().__init__(request, desk, environ, follow)
        shown = "\n".join(environ.get(f"HTTP_{name}", "") for name in ("AUTHORIZATION", "COOKIE"))
        self.proof = hashlib.sha256(shown.encode()).digest() if shown.strip() else b""
        self._is_listening = False
        self._is_asking = False
        self._is_paused = False
        self._beats_paused = 0
        self._told = 0

    def begin(self, answered: Answered) -> None:
        """Send what there was until now, and go on from there."""
        self._request.notifyFinish().addBoth(lambda _: self._desk.forget(self))
        if self.proof:
            self._desk.note(self)
        self._desk.hub.expect(self)
        send_head(self._request, answered)
        self._request.registerProducer(self, True)  # noqa: FBT003  # Twisted's signature
        self._take(answered)

    def learn(self, follow: Follow | None) -> None:
        """They are who *follow* says; with None, nobody that may listen any more."""
        if follow is None:
            self.close()
        else:
            self._follow = replace(self._follow, actor=follow.actor)

    def _take(self, answered: Answered) -> None:
        self._is_asking = False
        if self._is_over:
            return
        if answered.follow is None:
            self.close()
            return
        self._follow = answered.follow
        self.position = self._told = answered.follow.after
        self._request.write(answered.body)
        if self._is_listening or answered.follow.has_more:
            self.tell()
        else:
            self._is_listening = True
            self._desk.hub.add(self)

    def tell(self) -> None:
        """Send what there is, as far as it is taken."""
        while not (self._is_paused or self._is_asking or self._is_over):
            ring = self._desk.hub.ring
            if self._follow.has_more or self.position < ring.floor:
                self._ask_again()
            elif self.position >= ring.newest:
                return
            else:
                piece = ring.piece(self._view(), self.position)
                self.position = piece.position
                if piece.text:
                    self._told = self.position
                    self._request.write(piece.text)

    def _ask_again(self) -> None:
        self._is_asking = True
        environ = {**self.environ, "HTTP_LAST_EVENT_ID": str(self.position)}
        self._desk.ask(environ, self._take)

    def beat(self) -> None:
        """Show that we are here, and how far it is; who takes nothing at all is cut off."""
        if self._is_paused:
            self._beats_paused += 1
            if self._beats_paused >= _MOST_BEATS_PAUSED:
                self._request.channel.transport.abortConnection()
        elif not self._is_asking:
            text = _STILL_HERE if self._told == self.position else position_only(self.position)
            self._told = self.position
            self._request.write(text)

    def close(self) -> None:
        """End it; the client comes again."""
        if not self._is_over:
            self._request.unregisterProducer()
            self._request.finish()

    def pauseProducing(self) -> None:  # Twisted's name
        """Their line is full (IPushProducer)."""
        self._is_paused = True
        self._beats_paused = 0

    def resumeProducing(self) -> None:  # Twisted's name
        """There is room again (IPushProducer)."""
        self._is_paused = False
        self.tell()

    def stopProducing(self) -> None:  # Twisted's name
        """They are gone (IPushProducer)."""
        self._is_over = True
