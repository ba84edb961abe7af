// Package lib says what every program of the workspace says.
package lib

// Greeting returns what a visitor reads.
func Greeting() string {
	return "hello from a workspace"
}
