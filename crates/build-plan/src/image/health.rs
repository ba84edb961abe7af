//! The health check: one request by the shell of the image, which needs no program installed for it.

use super::quote::words;
use crate::Plan;

/// The instruction. Where the plan names a path it must answer 2xx, as on the platform; else any answer below 500 will do.
pub(super) fn instruction(plan: &Plan) -> String {
    let path = plan.health_path.as_deref().filter(|path| is_path(path));
    let fits = if path.is_some() { "2??" } else { "[1-4]??" };
    let request = format!(
        r"GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        path.unwrap_or("/").replace('%', "%%")
    );
    let script = format!(
        "exec 3<>\"/dev/tcp/127.0.0.1/$PORT\" && printf '{request}' >&3 && read -r _ status _ <&3 && [[ $status == {fits} ]]"
    );
    format!(
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \\\n    CMD {}",
        words(&["bash", "-c", &script])
    )
}

/// Whether this is a path and nothing that the shell or the request would read otherwise.
fn is_path(path: &str) -> bool {
    let is_known = |b: u8| b.is_ascii_alphanumeric() || b"/_-.~?=&%+,:@".contains(&b);
    path.starts_with('/') && path.bytes().all(is_known)
}
