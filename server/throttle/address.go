package throttle

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// forwarded is the metadata key in which a gateway names its caller.
const forwarded = "x-forwarded-for"

// networkBits is the part of an IPv6 address that one subscriber has: a /64 is the least that is given out (RFC 6177).
const networkBits = 64

// pipe is the network of a call that came over HTTP and was handed on within the process.
const pipe = "bufconn"

// Address gives the network address that a call came from, as a key. Behind a gateway that has shown its certificate it is
// what the gateway says, the last entry being its own; empty where it says nothing, and then nothing is counted by address. A call
// that came over HTTP has one entry more, which this process added: who called it.
func Address(ctx context.Context, behindGateway bool) string {
	p, ok := peer.FromContext(ctx)
	overHTTP := ok && p.Addr != nil && p.Addr.Network() == pipe
	if behindGateway || overHTTP {
		return toldAddress(ctx, behindGateway && overHTTP)
	}
	if !ok || p.Addr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(p.Addr.String())
	if err != nil {
		return ""
	}
	return network(host)
}

// toldAddress is the last entry of what was forwarded, or the one before it.
func toldAddress(ctx context.Context, before bool) string {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get(forwarded)
	if len(values) == 0 {
		return ""
	}
	entries := strings.Split(values[len(values)-1], ",")
	if before {
		entries = entries[:len(entries)-1]
	}
	if len(entries) == 0 {
		return ""
	}
	return network(strings.TrimSpace(entries[len(entries)-1]))
}

func network(text string) string {
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(networkBits)
	if err != nil {
		return ""
	}
	return prefix.String()
}
