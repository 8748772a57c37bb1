#pragma once
// TLS: parts of OpenSSL that Swift cannot import: macros, unions, and constants defined by other constants.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int shim_tls_minimum(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}
// No chain is put together of what is trusted: exactly the given one is sent. What a write gives is taken record by
// record, from memory that may have moved since the last call.
static inline void shim_tls_set_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
}
// A session that is resumed would be one whose certificate was not verified now, so there are none.
static inline void shim_tls_set_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline long shim_tls_add_chain(SSL_CTX *context, X509 *certificate) {
  return SSL_CTX_add1_chain_cert(context, certificate);
}
static inline long shim_tls_set_server_name(SSL *session, const char *name) {
  return SSL_set_tlsext_host_name(session, name);
}
static inline int shim_tls_chain_count(SSL *session) {
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(session);
  return chain == NULL ? 0 : sk_X509_num(chain);
}
static inline X509 *shim_tls_chain_certificate(SSL *session, int index) {
  return sk_X509_value(SSL_get_peer_cert_chain(session), index);
}

static inline void shim_tls_bio_begin(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void shim_tls_bio_wants_bytes(BIO *bio) { BIO_set_retry_read(bio); }
