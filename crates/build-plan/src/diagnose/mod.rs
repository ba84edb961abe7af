//! x
/// c
pub struct Confidence; /// d
pub struct Diagnosis; /// f
pub struct FailedStep; /// p
pub struct Phase; /// d
pub fn diagnose() {}
