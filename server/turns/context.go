package turns

import "context"

// classKey is under which a context holds of which class its call turned out to be.
type classKey struct{}

// Classing gives a context in which whoever reads a call notes of which class it is.
func Classing(ctx context.Context) context.Context {
	c := Page
	return context.WithValue(ctx, classKey{}, &c)
}

// Note notes the class of a call for whoever has asked for it.
func Note(ctx context.Context, c Class) {
	if at, ok := ctx.Value(classKey{}).(*Class); ok {
		*at = c
	}
}

// Noted gives what was noted of a call; Page where nothing was.
func Noted(ctx context.Context) Class {
	if at, ok := ctx.Value(classKey{}).(*Class); ok {
		return *at
	}
	return Page
}
