//! The explorer in a terminal of its own: keys go in, a screen comes out.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{Parser, Screen};

/// Limit of a wait, far above what anything here takes: only something that never happens reaches it.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// A running explorer and the screen it draws on.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Owned,
    shown: Arc<Shown>,
}

/// Output that the program has drawn, and a condition variable that signals more of it.
struct Shown {
    drawn: Mutex<Drawn>,
    more: Condvar,
}

struct Drawn {
    parser: Parser,
    /// Bytes that came so far.
    bytes: usize,
    frames: usize,
    /// Set while the program may still draw.
    open: bool,
    /// Set while somebody still reads the output.
    watched: bool,
}

fn size(rows: u16, columns: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        ..PtySize::default()
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

impl Terminal {
    /// Starts the program in a terminal of this many columns and rows.
    pub fn start(columns: u16, rows: u16, data: &Path, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fluxttice-explorer"));
        command.args(arguments);
        command.arg("--data-dir");
        command.arg(data);
        Self::of(columns, rows, command)
    }

    /// A shell that starts, stops and continues programs, in a terminal of 120 columns and 36 rows.
    pub fn shell() -> Self {
        let mut command = CommandBuilder::new("sh");
        command.arg("-i");
        command.env("PS1", "$ ");
        Self::of(120, 36, command)
    }

    fn of(columns: u16, rows: u16, mut command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(size(rows, columns)).unwrap();
        command.cwd(std::env::temp_dir());
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("COLORTERM");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Arc::new(Shown {
            drawn: Mutex::new(Drawn {
                parser: Parser::new(cells(rows), cells(columns), 0),
                bytes: 0,
                frames: 0,
                open: true,
                watched: true,
            }),
            more: Condvar::new(),
        });
        let mut output = pair.master.try_clone_reader().unwrap();
        let watched = Arc::clone(&shown);
        std::thread::spawn(move || {
            // Every frame ends with the end of a synchronized update.
            const FRAME: &[u8] = b"\x1b[?2026l";
            let mut bytes = vec![0; 1 << 16];
            let mut unended = Vec::new();
            loop {
                let read = output.read(&mut bytes).unwrap_or(0);
                // A failed assertion elsewhere is told there.
                let Ok(mut drawn) = watched.drawn.lock() else {
                    return;
                };
                drawn.bytes += read;
                unended.extend_from_slice(&bytes[..read]);
                while let Some(at) = unended.windows(FRAME.len()).position(|end| end == FRAME) {
                    drawn.frames += 1;
                    unended.drain(..at + FRAME.len());
                }
                drawn.parser.process(&bytes[..read]);
                drawn.open = read > 0;
                watched.more.notify_all();
                if read == 0 || !drawn.watched {
                    return;
                }
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child: Owned(child),
            shown,
        }
    }

    /// Types keys. Enter after a text is pressed once that text stands before the cursor: together they would
    /// be a paste, whose line breaks confirm nothing.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let text = keys.strip_suffix('\r').unwrap_or_default();
        if text.is_empty() || text.contains(char::is_control) {
            return self.send(keys);
        }
        self.send(text);
        self.until(&format!("{text} before the cursor"), |screen| {
            let (row, column) = screen.cursor_position();
            let before = screen.rows(0, column).nth(usize::from(row))?;
            before.ends_with(text).then_some(())
        });
        self.send("\r");
    }

    /// Sends characters at once, as a terminal does that is pasted into.
    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen shows what is wanted; gives back what was found there.
    #[track_caller]
    pub fn until<T>(&self, what: &str, pick: impl Fn(&Screen) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut drawn = self.shown.drawn.lock().unwrap();
        loop {
            if let Some(found) = pick(drawn.parser.screen()) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let screen = || drawn.parser.screen().contents();
            assert!(!left.is_zero(), "no {what} on the screen:\n{}", screen());
            assert!(drawn.open, "ended without {what}:\n{}", screen());
            drawn = self.shown.more.wait_timeout(drawn, left).unwrap().0;
        }
    }

    /// Frames that the program has drawn so far.
    pub fn frames(&self) -> usize {
        self.shown.drawn.lock().unwrap().frames
    }

    /// Bytes that the program has sent so far.
    pub fn bytes(&self) -> usize {
        self.shown.drawn.lock().unwrap().bytes
    }

    /// Waits until the screen holds a text.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.until(text, |screen| {
            screen.contents().contains(text).then_some(())
        });
    }

    /// Waits until the screen no longer holds a text.
    #[track_caller]
    pub fn hides(&self, text: &str) {
        let gone = |screen: &Screen| (!screen.contents().contains(text)).then_some(());
        self.until(&format!("screen without {text}"), gone);
    }

    /// Another size; what was drawn for the old one is wiped, so that only new drawing counts.
    pub fn resize(&self, columns: u16, rows: u16) {
        let mut drawn = self.shown.drawn.lock().unwrap();
        drawn.parser.set_size(cells(rows), cells(columns));
        drawn.parser.process(b"\x1b[2J");
        self.master.resize(size(rows, columns)).unwrap();
    }

    pub fn process(&self) -> i32 {
        i32::try_from(self.child.0.process_id().unwrap()).unwrap()
    }

    /// Waits for the program's end and all it has written; gives back its exit code and the screen.
    #[track_caller]
    pub fn ends(&mut self) -> (u32, Screen) {
        let deadline = Instant::now() + PATIENCE;
        let mut drawn = self.shown.drawn.lock().unwrap();
        while drawn.open {
            let left = deadline.saturating_duration_since(Instant::now());
            let screen = || drawn.parser.screen().contents();
            assert!(!left.is_zero(), "does not end:\n{}", screen());
            drawn = self.shown.more.wait_timeout(drawn, left).unwrap().0;
        }
        let code = self.child.0.wait().unwrap().exit_code();
        (code, drawn.parser.screen().clone())
    }

    /// Closes the terminal as closing its window does, and waits for the program's end.
    pub fn hang_up(self) -> ExitStatus {
        self.shown.drawn.lock().unwrap().watched = false;
        // The reader lets go of its end at the next thing drawn; a view that changes draws.
        while Arc::strong_count(&self.shown) > 1 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let Self {
            master,
            keys,
            mut child,
            ..
        } = self;
        drop((keys, master));
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "outlives its terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A program that does not outlive its test.
struct Owned(Box<dyn Child + Send + Sync>);

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
