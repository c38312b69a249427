package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// The profiles that every organization begins with.
const (
	AdministratorProfile = "Administrator" // every right
	StandardProfile      = "Standard"      // no right on any channel until it is given one
)

const (
	maxNameLength  = 100 // characters of a name of an organization, profile or user
	maxEmailLength = 254 // bytes, RFC 5321
)

// NewUser is what CreateUser needs to know.
type NewUser struct {
	OrganizationID models.ID
	ProfileID      models.ID
	Email          string // unique over all organizations, whatever its case
	Name           string
	Password       string // MinPasswordLength to MaxPasswordLength characters
}

// CreateOrganization makes an organization with the profiles
// AdministratorProfile and StandardProfile. For operators.
func (s *Service) CreateOrganization(ctx context.Context, name string) (models.Organization, error) {
	name, err := validName(name)
	if err != nil {
		return models.Organization{}, err
	}
	var organization models.Organization
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		organization = models.Organization{ID: models.NewID(), Name: name}
		if err := tx.Create(&organization).Error; err != nil {
			return err
		}
		if err := tx.Create(&models.FeedHead{OrganizationID: organization.ID}).Error; err != nil {
			return err
		}
		return store.InsertAll(tx, []models.Profile{
			{ID: models.NewID(), OrganizationID: organization.ID, Name: AdministratorProfile, Administrator: true},
			{ID: models.NewID(), OrganizationID: organization.ID, Name: StandardProfile},
		})
	})
	if err != nil {
		return models.Organization{}, fmt.Errorf("create organization: %w", err)
	}
	return organization, nil
}

// Organizations returns all organizations in the order in which they were made.
// For operators.
func (s *Service) Organizations(ctx context.Context) ([]models.Organization, error) {
	var organizations []models.Organization
	if err := s.db.Read(ctx).Order("id").Find(&organizations).Error; err != nil {
		return nil, fmt.Errorf("read organizations: %w", err)
	}
	return organizations, nil
}

// CreateProfile makes a profile that may do nothing yet. ALREADY_EXISTS if the
// organization has one of that name, NOT_FOUND if there is no such organization.
// For operators.
func (s *Service) CreateProfile(ctx context.Context, organizationID models.ID, name string) (models.Profile, error) {
	name, err := validName(name)
	if err != nil {
		return models.Profile{}, err
	}
	profile := models.Profile{ID: models.NewID(), OrganizationID: organizationID, Name: name}
	err = s.db.Write(ctx, func(tx *store.Tx) error { return tx.Create(&profile).Error })
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return models.Profile{}, models.NewError(models.CodeAlreadyExists, "name")
	case errors.Is(err, gorm.ErrForeignKeyViolated):
		return models.Profile{}, models.ErrNotFound
	case err != nil:
		return models.Profile{}, fmt.Errorf("create profile: %w", err)
	}
	return profile, nil
}

// ProfileByName returns the profile of an organization, or NOT_FOUND. For
// operators.
func (s *Service) ProfileByName(ctx context.Context, organizationID models.ID, name string) (models.Profile, error) {
	var profiles []models.Profile
	err := s.db.Read(ctx).Where("organization_id = ? AND name = ?", organizationID, name).Limit(1).Find(&profiles).Error
	if err != nil {
		return models.Profile{}, fmt.Errorf("find profile by name: %w", err)
	}
	if len(profiles) == 0 {
		return models.Profile{}, models.ErrNotFound
	}
	return profiles[0], nil
}

// CreateUser makes an active user. INVALID and REQUIRED name the field to mend;
// ALREADY_EXISTS (email) if any organization has a user with that email; NOT_FOUND
// if the profile is not the organization's. For operators.
func (s *Service) CreateUser(ctx context.Context, in NewUser) (models.User, error) {
	email, err := validEmail(in.Email)
	if err != nil {
		return models.User{}, err
	}
	name, err := validName(in.Name)
	if err != nil {
		return models.User{}, err
	}
	if err := validatePassword(in.Password); err != nil {
		return models.User{}, err
	}
	hash, err := s.passwords.hash(ctx, in.Password)
	if err != nil {
		return models.User{}, err
	}
	user := models.User{
		ID: models.NewID(), OrganizationID: in.OrganizationID, ProfileID: in.ProfileID,
		Email: email, Name: name, PasswordHash: hash, Active: true,
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := find(tx, &models.Profile{}, in.OrganizationID, in.ProfileID); err != nil {
			return err
		}
		return tx.Create(&user).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.User{}, models.NewError(models.CodeAlreadyExists, "email")
	}
	if err != nil {
		return models.User{}, fmt.Errorf("create user: %w", err)
	}
	return user, nil
}

func normalizedEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func validEmail(text string) (string, error) {
	email := normalizedEmail(text)
	if email == "" {
		return "", models.NewError(models.CodeRequired, "email")
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmailLength {
		return "", models.NewError(models.CodeInvalid, "email")
	}
	return email, nil
}

func validName(text string) (string, error) {
	name := strings.TrimSpace(text)
	switch {
	case name == "":
		return "", models.NewError(models.CodeRequired, "name")
	case utf8.RuneCountInString(name) > maxNameLength || !utf8.ValidString(name) || strings.ContainsFunc(name, isControl):
		return "", models.NewError(models.CodeInvalid, "name").With("max", strconv.Itoa(maxNameLength))
	}
	return name, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
