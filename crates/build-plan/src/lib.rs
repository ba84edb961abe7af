//! From a listing of files to a build plan, and from a failure's output to a diagnosis.
