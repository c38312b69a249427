//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is a closed loop: every connection sends a request, waits for the answer,
// and sends the next one.
type load struct {
	address     string
	connections int
	lasting     time.Duration
	most        int              // requests at most
	request     func(int) []byte // a whole HTTP request, made beforehand
	// check, if set, looks at every answer.
	check func(status int, body []byte) error
	// broken says that connections may break: then their connection's part ends,
	// without an error.
	broken bool
}

// outcome is what became of the requests of a load, by their number.
type outcome struct {
	status  []int16         // of the answer; 0: there was none, or the request was never sent
	took    []time.Duration // from the first byte written to the last byte read
	elapsed time.Duration
}

// run sends requests until the time is over or none are left.
func (l load) run(ctx context.Context) (outcome, error) {
	wires := make([]*wire, l.connections)
	for i := range wires {
		var err error
		if wires[i], err = dial(ctx, l.address); err != nil {
			return outcome{}, err
		}
		defer wires[i].close()
	}
	o := outcome{status: make([]int16, l.most), took: make([]time.Duration, l.most)}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // its pauses are not the program's
	stop := context.AfterFunc(ctx, func() {
		for _, w := range wires {
			w.close()
		}
	})
	defer stop()

	var next atomic.Int64
	errs := make([]error, len(wires))
	begun := time.Now()
	var senders sync.WaitGroup
	for i, w := range wires {
		senders.Go(func() { errs[i] = l.send(w, &next, begun.Add(l.lasting), o) })
	}
	senders.Wait()
	o.elapsed = time.Since(begun)
	return o, errors.Join(slices.Compact(errs)...)
}

func (l load) send(w *wire, next *atomic.Int64, until time.Time, o outcome) error {
	at := time.Now()
	for at.Before(until) {
		i := int(next.Add(1) - 1)
		if i >= l.most {
			return nil
		}
		status, body, err := w.exchange(l.request(i))
		if err != nil {
			if l.broken {
				return nil
			}
			return fmt.Errorf("request %d: %w", i, err)
		}
		done := time.Now()
		o.status[i], o.took[i] = int16(status), done.Sub(at)
		at = done
		if l.check != nil {
			if err := l.check(status, body); err != nil {
				return fmt.Errorf("request %d: %w", i, err)
			}
		}
	}
	return nil
}

// answered is how many requests got the status.
func (o outcome) answered(status int16) int {
	count := 0
	for _, s := range o.status {
		if s == status {
			count++
		}
	}
	return count
}

// latencies of the requests that were answered, sorted.
func (o outcome) latencies() []time.Duration {
	var took []time.Duration
	for i, d := range o.took {
		if o.status[i] != 0 {
			took = append(took, d)
		}
	}
	slices.Sort(took)
	return took
}

// wire is a connection on which one exchange follows the other. It reads just
// enough HTTP, to leave the processor to the program.
type wire struct {
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
	closing sync.Once
}

func dial(ctx context.Context, address string) (*wire, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to the program: %w", err)
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}, nil
}

func (w *wire) close() { w.closing.Do(func() { _ = w.conn.Close() }) }

var (
	httpVersion   = []byte("HTTP/1.1 ")
	contentLength = []byte("Content-Length: ")
	chunkedCoding = []byte("Transfer-Encoding: chunked")
)

// exchange sends a request and reads the answer. The body is valid until the next
// exchange.
func (w *wire) exchange(request []byte) (status int, body []byte, err error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len(httpVersion)+3 || !bytes.HasPrefix(line, httpVersion) {
		return 0, nil, fmt.Errorf("not an answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[len(httpVersion) : len(httpVersion)+3])); err != nil {
		return 0, nil, fmt.Errorf("not an answer: %q", line)
	}
	length, chunked := 0, false
	for {
		if line, err = w.in.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			err = w.readBody(length, chunked)
			return status, w.body, err
		case bytes.HasPrefix(line, contentLength):
			if length, err = strconv.Atoi(string(line[len(contentLength):])); err != nil {
				return 0, nil, fmt.Errorf("length of the answer: %w", err)
			}
		case bytes.Equal(line, chunkedCoding):
			chunked = true
		}
	}
}

func (w *wire) readBody(length int, chunked bool) error {
	if !chunked {
		w.body = slices.Grow(w.body[:0], length)[:length]
		_, err := io.ReadFull(w.in, w.body)
		return err
	}
	buffer := bytes.NewBuffer(w.body[:0])
	if _, err := buffer.ReadFrom(httputil.NewChunkedReader(w.in)); err != nil {
		return err
	}
	w.body = buffer.Bytes()
	_, err := w.in.ReadSlice('\n') // the empty line after the last chunk
	return err
}
