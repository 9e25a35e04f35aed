//! Child processes that never outlive the tests, however those end.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::PathBuf,
    process::{ChildStdin, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

use crate::wait::PATIENCE;

/// A child process in a process group of its own; dropping it kills the group.
pub struct Process {
    child: Child,
    pid: Pid,
    /// What it has written to stdout, line by line.
    pub stdout: Lines,
    /// What it has written to stderr, line by line.
    pub stderr: Lines,
}

/// The lines that a process has written so far.
#[derive(Clone)]
pub struct Lines(watch::Receiver<Vec<String>>);

impl Process {
    /// Starts `program` with its input, output and errors connected to the test.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        let program = program.as_ref();
        let mut child = Command::new(program)
            .args(args)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let id = child.id().context("the child's id")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("the child's id")?;
        undertaker().watch(pid);
        let stdout = child.stdout.take().context("stdout")?;
        let stderr = child.stderr.take().context("stderr")?;
        Ok(Self {
            child,
            pid,
            stdout: Lines::of(stdout),
            stderr: Lines::of(stderr),
        })
    }

    /// Its number in the system.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The other end of the process's stdin; once.
    pub fn stdin(&mut self) -> Option<tokio::process::ChildStdin> {
        self.child.stdin.take()
    }

    /// Asks the process itself, not its children, to stop.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn terminate(&self) -> Result<()> {
        kill_process(self.pid, Signal::TERM).context("terminate the process")
    }

    /// Sends `signal` to the whole group.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process_group(self.pid, signal).context("signal the process")
    }

    /// Kills the group and waits until the process is gone.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        let _ = kill_process_group(self.pid, Signal::KILL);
        self.end().await?;
        Ok(())
    }

    /// Waits until the process ends.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`].
    pub async fn end(&mut self) -> Result<ExitStatus> {
        Ok(tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("the process does not end")??)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
        undertaker().forget(self.pid);
    }
}

impl Lines {
    fn of(from: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let (send, receive) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                send.send_modify(|lines| lines.push(line));
            }
        });
        Self(receive)
    }

    /// All lines so far.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The lines from the one of this number on, counted from 0.
    #[must_use]
    pub fn after(&self, count: usize) -> Vec<String> {
        self.0.borrow().get(count..).unwrap_or_default().to_vec()
    }

    /// Waits for more lines; false when there will be none. Returns at once where there were some since the last call.
    pub async fn more(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }

    /// All lines that the process will ever have written; to be asked when it has ended.
    pub async fn rest_lines(&self) -> Vec<String> {
        let mut lines = self.0.clone();
        // The reader drops its end when the pipe is closed, which a process's own children may delay.
        let closed = async { while lines.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PATIENCE, closed).await;
        self.all()
    }

    /// The same as one text.
    pub async fn rest(&self) -> String {
        self.rest_lines().await.join("\n")
    }

    /// Waits until `find` finds something in the lines.
    ///
    /// # Errors
    /// When the process ends, or [`PATIENCE`] does, before; with the lines.
    pub async fn wait_for<T>(
        &self,
        what: &str,
        mut find: impl FnMut(&[String]) -> Option<T>,
    ) -> Result<T> {
        let mut lines = self.0.clone();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(found) = find(&lines.borrow_and_update()) {
                    return Some(found);
                }
                if lines.changed().await.is_err() {
                    return None;
                }
            }
        });
        match found.await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => bail!("the process ended before {what}:\n{}", self),
            Err(_) => bail!("no {what} in {PATIENCE:?}:\n{}", self),
        }
    }
}

impl std::fmt::Display for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.borrow().join("\n"))
    }
}

/// The built binary `name` of this workspace: where this program lies, or in `HOLDFAST_BIN_DIR`.
///
/// # Errors
/// When it was not built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("HOLDFAST_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let this = std::env::current_exe()?;
            let folder = this.parent().context("this program's folder")?;
            // A test lies one deeper than the binaries.
            let is_test = folder.ends_with("deps");
            let parent = folder.parent().filter(|_| is_test);
            parent.unwrap_or(folder).to_path_buf()
        }
    };
    let path = folder.join(name);
    if !path.is_file() {
        bail!(
            "{} is missing: build it with `cargo build --workspace`, or name its folder in HOLDFAST_BIN_DIR",
            path.display()
        );
    }
    Ok(path)
}

/// A shell that outlives the tests by an instant. When their process dies without running any
/// destructor, its end of the pipe closes, and the undertaker kills the groups that are left.
struct Undertaker(Mutex<Option<ChildStdin>>);

const UNDERTAKING: &str = r#"
groups=" "
while read -r sign group; do
    case $sign in
        +) groups="$groups-$group " ;;
        -) groups="${groups%% -$group *} ${groups#* -$group }" ;;
    esac
done
for group in $groups; do kill -s KILL -- "$group" 2>/dev/null; done
"#;

fn undertaker() -> Arc<Undertaker> {
    static ONE: Mutex<Option<Arc<Undertaker>>> = Mutex::new(None);
    lock(&ONE)
        .get_or_insert_with(|| {
            use std::os::unix::process::CommandExt as _;
            let shell = std::process::Command::new("sh")
                .args(["-c", UNDERTAKING])
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            Arc::new(Undertaker(Mutex::new(
                shell.ok().and_then(|mut shell| shell.stdin.take()),
            )))
        })
        .clone()
}

impl Undertaker {
    fn watch(&self, group: Pid) {
        self.tell('+', group);
    }

    fn forget(&self, group: Pid) {
        self.tell('-', group);
    }

    fn tell(&self, sign: char, group: Pid) {
        if let Some(pipe) = lock(&self.0).as_mut() {
            let _ = writeln!(pipe, "{sign} {}", group.as_raw_nonzero());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
