// Package sabotage asks whether the simulator would notice: it builds a copy of
// onedoor that carries every known way to break it, switches one saboteur on at
// a time and counts the seeds until the auditor objects.
//
// Production code has no branch for it. A saboteur is a text in variants: a
// sentence about what the bug would do to somebody, and replacements of source
// text guarded by lever.On. All of them are applied to copies of the sources,
// and one `go build -overlay` makes one program in which each broken branch
// sleeps until the environment names its saboteur. So it needs the repository
// and Go when it runs.
//
// It never writes into the repository, and never calls a run caught unless the
// same seed passes with no saboteur on.
//
// # Form of a variant
//
//	name: own chain ignored
//	story: One sentence about what it would do to a user.
//	-- path/of/file.go --
//	<<<<
//	lines that stand in the file exactly once
//	====
//	lines that take their place
//	>>>>
//
// The file is named after the saboteur, with hyphens for spaces and no apostrophes. A file section
// holds one replacement or more. What old and new lines have in common at their
// ends is only there to find the place: two saboteurs may share it, but no line
// may be replaced by two. Whoever changes a line that a saboteur replaces changes
// the variant too; the package's test says which.
//
// Read variant.go first, then overlay.go, build.go and drive.go. Package lever is the switch.
package sabotage
