//! Writes each event to thousands of sockets.
//!
//! The readers of a feed sit in crews. A crew is one task: when the feed's bell rings it goes through its
//! members, and to each writes what comes next for them, straight from the bytes that all share. A member
//! is a cursor, a socket, and what of the last event the socket had no room for: nothing is queued for
//! anybody. Nothing waits either: who doesn't read is passed over, and after a while dropped.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use domain::Rev;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use newsroom::live::{Event, FeedId, Signal, Subscription};
use socket2::SockRef;
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tokio_util::task::TaskTracker;

use super::{Feed, Reader, Socket, reader::CaughtUp, write_deadline::WriteDeadline};
use crate::{address_limits::Permit, log_limit::LogLimit};

/// How many readers one task writes to: their crews share the work of a large feed among processors.
const CREW: usize = 4_096;
/// How many are written to before other tasks get a turn: about a millisecond of work.
const TURN: usize = 128;
/// How often a crew looks who has hung up.
const LOOK: Duration = Duration::from_secs(1);
/// How soon sockets that were full are tried again.
const RETRY: Duration = Duration::from_millis(50);
/// How many bytes the system may hold for a reader who doesn't read.
const SEND_BUFFER: usize = 32 * 1024;
/// How many reads of the database a crew has under way.
const READS: usize = 4;
/// What ends a body in chunks (RFC 9112, section 7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// All crews of a server; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FanOut(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    crews: Mutex<HashMap<FeedId, Vec<Door>>>,
    tasks: TaskTracker,
    cut_off: LogLimit,
}

/// Where readers join a crew.
#[derive(Debug)]
struct Door {
    /// Each member holds a stream's permit, so no more wait here than there may be streams.
    joining: mpsc::UnboundedSender<Member>,
    /// Tells the feeds of two epochs apart.
    bell: watch::Receiver<()>,
    members: Arc<AtomicUsize>,
}

impl FanOut {
    /// Takes over what `reader` is still to be told, on a socket to which the answer's head has been
    /// written: the body is in chunks, and nothing else ever follows.
    pub fn join(&self, reader: Reader, socket: Socket, permit: Permit) {
        let (feed, subscription) = reader.into_parts();
        self.seat(&feed, Member::new(subscription, socket, permit));
    }

    fn seat(&self, feed: &Feed, mut member: Member) {
        let mut crews = self.crews();
        let doors = crews.entry(feed.id).or_default();
        let bell = member.subscription.bell();
        for door in &*doors {
            let fits = door.members.load(Ordering::Relaxed) < CREW;
            if fits && door.bell.same_channel(&bell) {
                match door.admit(member) {
                    None => return,
                    Some(refused) => member = refused,
                }
            }
        }
        let (joining, waiting) = mpsc::unbounded_channel();
        let door = Door {
            joining,
            bell: bell.clone(),
            members: Arc::default(),
        };
        // Before its task can look whether anybody is there.
        let _ = door.admit(member);
        let crew = Crew {
            fan_out: self.clone(),
            feed: feed.clone(),
            bell,
            waiting,
            count: Arc::clone(&door.members),
            members: Vec::new(),
            reads: FuturesUnordered::new(),
            reading: HashSet::new(),
            someone_is_late: false,
        };
        self.0.tasks.spawn(crew.run());
        doors.push(door);
    }

    /// Closes the doors that lead nowhere: each has an ear on its feed's bell, and the hub keeps the rings
    /// that somebody listens to.
    fn forget_disbanded(&self) {
        self.crews().retain(|_, doors| {
            doors.retain(|door| !door.joining.is_closed());
            !doors.is_empty()
        });
    }

    fn crews(&self) -> MutexGuard<'_, HashMap<FeedId, Vec<Door>>> {
        self.0.crews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everybody was told goodbye.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl Door {
    /// Lets a reader in; gives them back if the crew has ended.
    fn admit(&self, member: Member) -> Option<Member> {
        if let Err(refused) = self.joining.send(member) {
            return Some(refused.0);
        }
        self.members.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// One task, and those it writes to.
struct Crew {
    fan_out: FanOut,
    feed: Feed,
    bell: watch::Receiver<()>,
    waiting: mpsc::UnboundedReceiver<Member>,
    count: Arc<AtomicUsize>,
    members: Vec<Member>,
    /// What is being read for all members who stand at a revision.
    reads: FuturesUnordered<BoxFuture<'static, (Rev, CaughtUp)>>,
    reading: HashSet<Rev>,
    someone_is_late: bool,
}

impl Crew {
    async fn run(mut self) {
        let mut next_look = Instant::now() + LOOK;
        loop {
            let next_try = if self.someone_is_late {
                next_look.min(Instant::now() + RETRY)
            } else {
                next_look
            };
            tokio::select! {
                Some(member) = self.waiting.recv() => self.let_in(member).await,
                // The hub lives as long as the server.
                Ok(()) = self.bell.changed() => self.serve_all().await,
                Some((rev, caught_up)) = self.reads.next() => {
                    self.reading.remove(&rev);
                    for member in &mut self.members {
                        member.catch_up(rev, &caught_up);
                    }
                    self.serve_all().await;
                }
                () = sleep_until(next_try) => {
                    if Instant::now() < next_look {
                        self.serve_late().await;
                        continue;
                    }
                    next_look = Instant::now() + LOOK;
                    self.look_who_left();
                    self.serve_all().await;
                }
            }
            if self.members.is_empty() && self.waiting.is_empty() {
                return self.disband();
            }
        }
    }

    /// Takes in all who wait: in a storm, they must not take turns with what is posted.
    async fn let_in(&mut self, first: Member) {
        let mut joining = Some(first);
        let mut joined = 0;
        while let Some(member) = joining {
            self.members.push(member);
            self.serve(self.members.len() - 1);
            joined += 1;
            if joined % TURN == 0 {
                yield_now().await;
            }
            joining = self.waiting.try_recv().ok();
        }
    }

    /// Writes to everybody what comes next for them.
    async fn serve_all(&mut self) {
        self.serve_those(|_| true).await;
    }

    /// Writes to those whose socket was full.
    async fn serve_late(&mut self) {
        self.serve_those(|member| member.deadline.is_blocked())
            .await;
    }

    async fn serve_those(&mut self, chosen: impl Fn(&Member) -> bool) {
        self.someone_is_late = false;
        let mut at = 0;
        let mut served = 0;
        while at < self.members.len() {
            if !chosen(&self.members[at]) {
                at += 1;
                continue;
            }
            if self.serve(at) {
                at += 1;
            }
            served += 1;
            if served % TURN == 0 {
                yield_now().await;
            }
        }
    }

    /// Writes to one; whether they stay.
    fn serve(&mut self, at: usize) -> bool {
        match self.members[at].advance(&self.feed) {
            Fate::Content => {}
            Fate::Late => self.someone_is_late = true,
            Fate::Behind(rev) => self.read(rev),
            fate @ (Fate::CutOff | Fate::Gone) => {
                self.remove(at, &fate);
                return false;
            }
        }
        true
    }

    /// Reads the database once for all who stand at `rev`.
    fn read(&mut self, rev: Rev) {
        // Who finds no place is back at the next look.
        if self.reading.len() < READS && self.reading.insert(rev) {
            let feed = self.feed.clone();
            let read = async move { (rev, feed.catch_up(rev).await) };
            self.reads.push(Box::pin(read));
        }
    }

    fn look_who_left(&mut self) {
        let mut at = 0;
        while at < self.members.len() {
            match self.members[at].departure() {
                Some(fate) => self.remove(at, &fate),
                None => at += 1,
            }
        }
    }

    fn remove(&mut self, at: usize, fate: &Fate) {
        if matches!(fate, Fate::CutOff) {
            self.fan_out.0.cut_off.log(|readers| {
                tracing::info!(readers, "streams were closed that are not read");
            });
        }
        self.members.swap_remove(at);
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Ends; who comes at the last moment gets another crew.
    fn disband(mut self) {
        self.waiting.close();
        self.fan_out.forget_disbanded();
        while let Ok(member) = self.waiting.try_recv() {
            self.fan_out.seat(&self.feed, member);
        }
    }
}

/// One reader.
#[derive(Debug)]
struct Member {
    subscription: Subscription,
    socket: Socket,
    /// What the socket had no room for yet.
    rest: Bytes,
    /// By when it has to be taken.
    deadline: WriteDeadline,
    /// Whether `rest` is the last there is to say.
    over: bool,
    _permit: Permit,
}

/// What became of a member.
enum Fate {
    /// They have been told all there is.
    Content,
    /// Their socket is full.
    Late,
    /// They must be told what the database has after this revision.
    Behind(Rev),
    /// They don't read what they are sent.
    CutOff,
    /// They left, or there is nothing more to tell them.
    Gone,
}

impl Fate {
    /// The fate of a member whose connection was closed by `error`.
    fn after(error: &io::Error) -> Self {
        match error.kind() {
            // The system has the same patience as we, and may be the first to lose it.
            io::ErrorKind::TimedOut => Self::CutOff,
            _ => Self::Gone,
        }
    }
}

impl Member {
    fn new(subscription: Subscription, socket: Socket, permit: Permit) -> Self {
        // Without it, the system only bears with a reader longer.
        let _ = SockRef::from(&socket.stream).set_send_buffer_size(SEND_BUFFER);
        Self {
            subscription,
            socket,
            rest: Bytes::new(),
            deadline: WriteDeadline::default(),
            over: false,
            _permit: permit,
        }
    }

    /// Writes what there is to say, for as long as the socket takes it.
    fn advance(&mut self, feed: &Feed) -> Fate {
        loop {
            if let Some(fate) = self.write() {
                return fate;
            }
            if self.over {
                return Fate::Gone;
            }
            match self.subscription.next_now() {
                None => {
                    self.deadline.done();
                    return Fate::Content;
                }
                Some(Signal::Batch(frame)) => self.rest = frame.event().chunk(),
                Some(Signal::Heartbeat(event)) => self.rest = event.chunk(),
                Some(Signal::Behind(rev)) => {
                    self.deadline.done();
                    return Fate::Behind(rev);
                }
                Some(Signal::Reset) => self.say_last(&feed.reset()),
                Some(Signal::Ended) => self.say_last(&Event::bye(true)),
                Some(Signal::Closing) => self.say_last(&Event::bye(false)),
            }
        }
    }

    /// Writes the rest of what was begun; `None` once nothing is left.
    fn write(&mut self) -> Option<Fate> {
        while !self.rest.is_empty() {
            match self.socket.stream.try_write(&self.rest) {
                Ok(0) => return Some(Fate::Gone),
                Ok(written) => {
                    self.rest = self.rest.slice(written..);
                    self.deadline.taken(written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let now = Instant::now();
                    if now < self.deadline.blocked(now) {
                        return Some(Fate::Late);
                    }
                    // What the system still holds for them goes at once.
                    let _ = SockRef::from(&self.socket.stream).set_linger(Some(Duration::ZERO));
                    return Some(Fate::CutOff);
                }
                Err(error) => return Some(Fate::after(&error)),
            }
        }
        // Idle members keep no frame in memory.
        self.rest = Bytes::new();
        None
    }

    /// Takes what was read for those who stand at `rev`.
    fn catch_up(&mut self, rev: Rev, caught_up: &CaughtUp) {
        if self.over || !self.rest.is_empty() || self.subscription.cursor() != rev {
            return;
        }
        match caught_up {
            CaughtUp::To(to, event) => {
                self.subscription.caught_up(*to);
                if let Some(event) = event {
                    self.rest = event.chunk();
                }
            }
            CaughtUp::Over(event) => self.say_last(event),
        }
    }

    fn say_last(&mut self, event: &Event) {
        self.rest = [&event.chunk(), LAST_CHUNK].concat().into();
        self.over = true;
    }

    /// What became of a reader whose connection is closed; it costs no system call while they are
    /// silent.
    fn departure(&self) -> Option<Fate> {
        let mut unasked = [0; 64];
        match self.socket.stream.try_read(&mut unasked) {
            Ok(0) => Some(Fate::Gone),
            Ok(_) => None,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => None,
                _ => Some(Fate::after(&error)),
            },
        }
    }
}
