// Package media keeps files: what customers send is fetched from Meta, what the team
// uploads is checked, and both are given out by signed, short-lived addresses.
//
// # Where bytes are
//
// The rows are models.Attachment; the bytes are in a blob store, a folder or a bucket of
// S3, under keys that are made of the attachment's id alone. Either way they come and
// go through this program (docs/decisions/0006-files-go-through-this-program.md).
//
//	uploads/ORG/ID     an upload that is not checked yet; its signed URL writes here
//	files/ORG/ID       the bytes of an AVAILABLE attachment; they never change again
//	thumbnails/ORG/ID  a JPEG of an image, at most ThumbnailSide pixels wide or high
//
// An upload is copied from the first place to the second when it was found right, so
// whoever still holds its URL cannot change what was checked.
//
// # Inbound
//
// Expect makes the row of a message's file and the job that fetches it, in the
// transaction that stores the message. The job asks Meta for the address, downloads
// with the token, holds size and hash against what Meta said, finds the true type and,
// of images, a thumbnail, of voice notes, the duration. It tries for about a day and
// ends the row AVAILABLE, FAILED with a reason, or EXPIRED. Refetch begins anew.
//
// # Uploads
//
// Announce checks what is promised and returns where to PUT it. Complete holds the
// bytes against the promise. What is wrong is removed, row and bytes.
//
// # Sending
//
// A draft names an attachment: Find gives it to a viewer who may use it, and
// models.Attachment.Sendable says whether it can be sent. When the message goes out,
// HandleFor returns Meta's id of the file on that channel: it uploads once and remembers
// the id for 30 days. If Meta says that it does not know the id, call ForgetHandle
// and HandleFor again.
//
// # Concurrency
//
// Every job and every call may run twice, and at the same time as another of its kind:
// keys are functions of ids, so writing twice writes the same, and the row decides who
// comes first. Bytes are written before the row says that they are there; if the
// program ends in between, the next try writes them again, or Clean removes them
// with the row or by their age. An attachment is locked before conversations are.
//
// # Invariants
//
//   - AVAILABLE means that the bytes are under BlobKey, of ByteSize and SHA256, and that
//     MIMEType is what they are, whatever anybody said.
//   - A signed address names one attachment of one organization and ends soon; who asks
//     for one was found to be allowed to see the attachment.
//   - No name that somebody else chose is ever part of a path.
package media
