package inbox

import (
	"context"
	"fmt"

	"recado/crm"
	"recado/models"
	"recado/store"
)

// rebuiltAtOnce is how many messages or contacts a transaction of a rebuild indexes.
const rebuiltAtOnce = 500

// RebuildSearch has messages and contacts of all organizations be found that are
// not, because they are older than the index; with everything, also those that are, as
// when what a word is has changed. It works in batches beside whatever else goes on,
// and calls report after each with how many it has written so far. Broken off, it is
// run again: what was written is not written twice, unless everything is.
func (s *Service) RebuildSearch(ctx context.Context, everything bool, report func(written int)) (written int, err error) {
	rebuilds := []rebuild{
		{kind: store.SearchMessages, table: "messages", at: "sent_at", only: "body <> ''", write: indexMessages},
		{kind: store.SearchContacts, table: "contacts", at: "created_at", only: "1 = 1", write: crm.Index},
	}
	for _, r := range rebuilds {
		var last rebuildRow
		for more := true; more; {
			var rows []rebuildRow
			err := s.db.Read(ctx).Table(r.table).Select("organization_id, id, ? AS indexed", store.Indexed(r.kind, r.table, r.at)).
				Where("(organization_id, id) > (?, ?)", last.OrganizationID, last.ID).Where(r.only).
				Order("organization_id, id").Limit(rebuiltAtOnce).Find(&rows).Error
			if err != nil {
				return written, fmt.Errorf("read %s to index: %w", r.table, err)
			}
			if more = len(rows) == rebuiltAtOnce; len(rows) > 0 {
				last = rows[len(rows)-1]
			}
			wanted := make(map[models.ID]models.ID)
			for _, row := range rows {
				if everything || !row.Indexed {
					wanted[row.ID] = row.OrganizationID
				}
			}
			if len(wanted) == 0 {
				continue
			}
			if err := s.db.Write(ctx, func(tx *store.Tx) error { return r.write(tx, wanted) }); err != nil {
				return written, fmt.Errorf("index %s: %w", r.table, err)
			}
			written += len(wanted)
			report(written)
		}
	}
	return written, nil
}

// rebuild says how the rows of a table come to be found.
type rebuild struct {
	kind  store.SearchKind
	table string
	at    string // the column with the time of their entries
	only  string // those that have a text
	write func(tx *store.Tx, rows map[models.ID]models.ID) error
}

// rebuildRow is a row that may have to be indexed.
type rebuildRow struct {
	OrganizationID models.ID
	ID             models.ID
	Indexed        bool
}

// indexMessages has messages, given with their organizations, be found by what they
// say now. They are locked until then, against edits.
func indexMessages(tx *store.Tx, organizations map[models.ID]models.ID) error {
	keys := make([][]any, 0, len(organizations))
	for id, organization := range organizations {
		keys = append(keys, []any{organization, id})
	}
	var messages []models.Message
	err := store.Locking(tx.Where(store.InKeys([]string{"organization_id", "id"}, keys))).Order("organization_id, id").Find(&messages).Error
	if err != nil {
		return fmt.Errorf("read %d messages: %w", len(keys), err)
	}
	entries := make([]store.SearchEntry, len(messages))
	for i, message := range messages {
		entries[i] = searchEntry(message)
	}
	return store.Index(tx, entries)
}
