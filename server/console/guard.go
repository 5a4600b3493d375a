package console

import (
	"errors"
	"net/http"
	"runtime/debug"

	"onedoor/server/throttle"
)

// formBytesMax bounds a form: the longest text of a record many times over.
const formBytesMax = 256 << 10

// contentPolicy lets a page load what this server serves and nothing else. Scripts and styles stand in files; charts are drawn
// on a canvas; a QR code is a picture of its own.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers are sent with every answer.
var headers = map[string]string{
	"Content-Security-Policy":      contentPolicy,
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "geolocation=(), camera=(), microphone=()",
}

// guarded puts in front of all pages what holds for each of them: headers, no write that another site asks for, not too much
// from one place, and no fault that ends the server.
func (c *Console) guarded(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, r, &problem{status: http.StatusForbidden, ZH: "这个请求不是从本控制台的页面发出的，已被拒绝。", EN: "This request did not come from a page of this console and was refused."})
	}))
	next = foreign.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.recovered(w, r)
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if err := c.visits.Take(c.visitorKey(r), c.o.Now()); err != nil {
			c.fail(w, r, problemOf(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// visitorKey names who a request is counted for: the session, else the address.
func (c *Console) visitorKey(r *http.Request) string {
	if cookie, err := r.Cookie(sessionCookie(r)); err == nil {
		return "session " + cookie.Value
	}
	return "address " + throttle.Address(c.calling(r, ""), c.o.BehindGateway)
}

// recovered turns a panic into an error of one request.
func (c *Console) recovered(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault)
	}
	c.o.Log.Error("page failed", "page", r.Pattern, "fault", fault, "stack", string(debug.Stack()))
	c.fail(w, r, faultProblem)
}
