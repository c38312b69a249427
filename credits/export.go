package credits

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"recado/models"
)

// ExportPath is where exports are fetched, below the program's address.
const ExportPath = "/exports/credit-usage.csv"

// exportLifetime is how long the address of an export serves.
const exportLifetime = 5 * time.Minute

// ExportURL returns the address of the use in a time as CSV: a path with a signature,
// which opens this one export to whoever has it, for five minutes. Administrators only.
// INVALID with the field for a time that is no time.
func (s *Service) ExportURL(viewer models.Viewer, from, to time.Time) (address string, expiresAt time.Time, err error) {
	if err := requireAdministrator(viewer); err != nil {
		return "", time.Time{}, err
	}
	from, to = models.DayOf(from), models.DayOf(to)
	if to.Before(from) || to.Sub(from) >= maxReport {
		return "", time.Time{}, models.NewError(models.CodeInvalid, "to")
	}
	expiresAt = s.clock().Add(exportLifetime)
	query := url.Values{
		"organization": {viewer.OrganizationID.String()},
		"from":         {from.Format(time.DateOnly)},
		"to":           {to.Format(time.DateOnly)},
		"expires":      {strconv.FormatInt(expiresAt.Unix(), 10)},
	}
	query.Set("signature", s.sign(query))
	return s.options.PublicURL + ExportPath + "?" + query.Encode(), expiresAt, nil
}

// sign is the signature over everything else in a query.
func (s *Service) sign(query url.Values) string {
	unsigned := url.Values{}
	for _, name := range []string{"organization", "from", "to", "expires"} {
		unsigned.Set(name, query.Get(name))
	}
	mac := hmac.New(sha256.New, s.options.SigningKey)
	mac.Write([]byte(ExportPath + "?" + unsigned.Encode())) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Export returns the CSV that an address of ExportURL stands for: a line for each day,
// channel, category, country and template, with a header, in UTF-8. FORBIDDEN if the
// signature is wrong or its time is over.
func (s *Service) Export(ctx context.Context, query url.Values) ([]byte, error) {
	forbidden := models.NewError(models.CodeForbidden, "")
	if len(s.options.SigningKey) == 0 || !hmac.Equal([]byte(s.sign(query)), []byte(query.Get("signature"))) {
		return nil, forbidden
	}
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil || s.clock().Unix() >= expires {
		return nil, forbidden // an address of ours, whose time is over
	}
	organization, err := uuid.Parse(query.Get("organization"))
	from, fromErr := time.Parse(time.DateOnly, query.Get("from"))
	to, toErr := time.Parse(time.DateOnly, query.Get("to"))
	if err := errors.Join(err, fromErr, toErr); err != nil {
		return nil, fmt.Errorf("read an address that we signed: %w", err)
	}
	var text bytes.Buffer
	if err := s.writeUsage(ctx, &text, organization, from, to); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

func (s *Service) writeUsage(ctx context.Context, to io.Writer, organization models.ID, first, last time.Time) error {
	lines := csv.NewWriter(to)
	if err := lines.Write([]string{"day", "channel", "category", "country", "template", "messages", "billable", "credits"}); err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	db := s.db.Read(ctx)
	rows, err := db.Model(&models.CreditUsage{}).Where("organization_id = ? AND day >= ? AND day <= ?", organization, first, last).
		Order("day, channel_id, category, country, template_name").Rows()
	if err != nil {
		return fmt.Errorf("read usage: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row models.CreditUsage
		if err := db.ScanRows(rows, &row); err != nil {
			return fmt.Errorf("read usage: %w", err)
		}
		err := lines.Write([]string{
			row.Day.UTC().Format(time.DateOnly), models.PublicID(models.PrefixChannel, row.ChannelID), string(row.Category), row.Country,
			plainCell(row.TemplateName), strconv.FormatInt(row.Messages, 10), strconv.FormatInt(row.Billable, 10), row.Charged.String(),
		})
		if err != nil {
			return fmt.Errorf("write usage: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read usage: %w", err)
	}
	lines.Flush()
	return lines.Error()
}

// plainCell keeps spreadsheets from taking a text for a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
