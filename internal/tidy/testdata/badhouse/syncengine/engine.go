package syncengine

import (
	"crypto/sha256"
	"fmt"
	"math/rand" // want "not a pure part of the standard library"
	"os"        // want "not a pure part of the standard library"
	. "strings" // want "a dot import hides where a name comes from"
	"sync"      // want "not a pure part of the standard library"
	"time"

	"github.com/google/uuid" // want "not a pure part of the standard library"

	"onedoor/domain" // want "an import may only point down"
)

type Plan struct {
	mu    sync.Mutex
	done  chan bool // want "a pure room has no channels"
	files *os.File
}

type World struct{}

func (w World) Both() { w.Merge() }

func (World) Merge() {}

func Merge(at time.Time) (Plan, time.Duration) {
	go domain.Rules()                     // want "a pure room starts no goroutine"
	fmt.Println(rand.Int(), uuid.New())   // want "fmt.Println writes to standard output"
	println(ToUpper("a"))                 // want "println writes to standard error"
	fmt.Println(sha256.Sum256([]byte{1})) // want "fmt.Println writes to standard output"
	return Plan{}, time.Since(at)         // want "time.Since reads the clock"
}
