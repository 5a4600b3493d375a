// Package line is the network between one phone and a server, for worlds that play one: a TCP port on this machine that
// passes everything on while there is signal, and lets a script cut the connection at a frame, or wait before it.
//
// It reads no more of what passes than the frame headers of HTTP/2 (RFC 9113, section 4.1), from which a script tells
// where an exchange stands. It listens on loopback only, and changes no byte of what it passes.
//
// Read line.go first, then frame.go.
package line
