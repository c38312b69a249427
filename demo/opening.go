package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// readersGauge is the figure of Recado's that tells how many live readers it has.
const readersGauge = "recado_events_readers "

func (s *story) recadoIsReady(ctx context.Context) (outcome, error) {
	if _, err := s.askOperations(ctx, "/readyz"); err != nil {
		return outcome{}, err
	}
	return outcome{
		s.screen.done(), "is ready: database, live bus and jobs in one process",
		"http://" + s.stage.recado.Address(),
	}, nil
}

func (s *story) metaVerifies(ctx context.Context) (outcome, error) {
	err := s.stage.meta.SetCallback(ctx, "http://"+s.stage.recado.Address()+"/webhooks/whatsapp",
		string(s.stage.recado.Config.MetaVerifyToken))
	if err != nil {
		return outcome{}, err
	}
	return outcome{s.screen.done(), "verifies the webhook, and signs all it will deliver", "GET /webhooks/whatsapp"}, nil
}

func (s *story) anaSignsIn(ctx context.Context) (told outcome, err error) {
	s.ana, told, err = s.signsIn(ctx, ana, "REPLY")
	return told, err
}

func (s *story) brunoSignsIn(ctx context.Context) (told outcome, err error) {
	s.bruno, told, err = s.signsIn(ctx, bruno, "VIEW")
	return told, err
}

func (s *story) signsIn(ctx context.Context, who person, expected string) (api, outcome, error) {
	signedIn, err := s.stage.api().signIn(ctx, who)
	if err != nil {
		return signedIn, outcome{}, err
	}
	permission, err := signedIn.permission(ctx)
	if err == nil && permission.Level != expected {
		err = fmt.Errorf("has %s on the bakery's number instead of %s", permission.Level, expected)
	}
	s.channelID = permission.Channel.ID
	return signedIn, outcome{s.screen.done(), "signs in, " + who.may, "sessionCreate"}, err
}

// bothListen opens a socket for Ana and one for Bruno, and waits until Recado counts
// both as readers: what happens after that reaches them.
func (s *story) bothListen(ctx context.Context) (_ outcome, err error) {
	if s.anasSocket, err = s.ana.listen(ctx, inboxDocument); err != nil {
		return outcome{}, err
	}
	if s.brunosSocket, err = s.bruno.listen(ctx, inboxDocument); err != nil {
		return outcome{}, err
	}
	err = s.awaitReaders(ctx, 2)
	return outcome{s.screen.done(), "listens to the inbox, and so does Bruno", "inboxEvents"}, err
}

// awaitReaders waits until Recado counts so many readers.
func (s *story) awaitReaders(ctx context.Context, wanted int) error {
	for {
		readers, err := s.readers(ctx)
		if err != nil {
			return err
		}
		pause(ctx, 30*time.Millisecond) // also for the last reader's start, which takes a millisecond
		if readers >= wanted {
			return nil
		}
	}
}

func (s *story) readers(ctx context.Context) (int, error) {
	page, err := s.askOperations(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for _, line := range page {
		if value, found := strings.CutPrefix(line, readersGauge); found {
			return strconv.Atoi(value)
		}
	}
	return 0, errors.New("Recado's metrics do not tell of live readers")
}

// askOperations gets a page of the operators' address, by lines.
func (s *story) askOperations(ctx context.Context, path string) ([]string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.stage.recado.OpsAddress()+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	page, err := s.stage.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", path, err)
	}
	defer page.Body.Close()
	var lines []string
	for scanner := bufio.NewScanner(page.Body); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	if page.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s: %s", path, page.Status, strings.Join(lines, " "))
	}
	return lines, nil
}
