#pragma once
// Keys, digests and X.509: what Swift cannot import from OpenSSL, which is macros, variadic functions and unions.
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// MARK: Memory

static inline void *shim_malloc(size_t count) { return OPENSSL_malloc(count); }
static inline void shim_free(void *pointer) { OPENSSL_free(pointer); }
static inline void shim_clear_free(void *pointer, size_t count) { OPENSSL_clear_free(pointer, count); }
static inline long shim_bio_contents(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

// MARK: Ciphers

static inline int shim_gcm_get_tag(EVP_CIPHER_CTX *context, void *tag) {
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int shim_gcm_set_tag(EVP_CIPHER_CTX *context, const void *tag) {
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

// MARK: Keys

static inline EVP_PKEY *shim_generate_ec(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *shim_generate_rsa(unsigned int bits) { return EVP_RSA_gen(bits); }
static inline EVP_PKEY *shim_generate(const char *type) { return EVP_PKEY_Q_keygen(NULL, NULL, type); }

// An OSSL_PARAM keeps the pointer to its name, which would dangle for a Swift string. So public keys are built from
// their numbers in C.
static inline EVP_PKEY *shim_public_key(const char *type, OSSL_PARAM *parameters) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
      EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  EVP_PKEY_CTX_free(context);
  return key;
}
static inline EVP_PKEY *shim_public_rsa(const unsigned char *n, int n_count, const unsigned char *e, int e_count) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = NULL;
  BIGNUM *modulus = BN_bin2bn(n, n_count, NULL), *exponent = BN_bin2bn(e, e_count, NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  if (modulus != NULL && exponent != NULL && builder != NULL &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
      (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL)
    key = shim_public_key("RSA", parameters);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(modulus);
  BN_free(exponent);
  return key;
}
static inline EVP_PKEY *shim_public_ec(const char *curve, const unsigned char *point, size_t count) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, count),
      OSSL_PARAM_construct_end(),
  };
  return shim_public_key("EC", parameters);
}
static inline EVP_PKEY *shim_public_ed25519(const unsigned char *bytes, size_t count) {
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, count);
}

// The name of an elliptic curve. Returns 0 if there is none, or if the key was decoded from explicit curve parameters,
// which other programs refuse even if they are those of a named curve.
static inline int shim_curve(const EVP_PKEY *key, char *name, size_t size) {
  size_t count = 0;
  int from_numbers = 0;
  if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &from_numbers) == 1 && from_numbers != 0)
    return 0;
  return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, size, &count) == 1;
}
// The point of an elliptic curve, and the private scalar, padded to the length of the curve.
static inline int shim_ec_point(const EVP_PKEY *key, unsigned char *point, size_t size, size_t *count) {
  return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, size, count) == 1;
}
static inline int shim_ec_scalar(const EVP_PKEY *key, unsigned char *scalar, int count) {
  BIGNUM *number = NULL;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) return 0;
  int written = BN_bn2binpad(number, scalar, count);
  BN_clear_free(number);
  return written == count;
}

// The parameters of an algorithm if they are a sequence or an octet string, which are members of a union.
static inline const ASN1_STRING *shim_sequence(const ASN1_TYPE *value) {
  return value != NULL && value->type == V_ASN1_SEQUENCE ? value->value.sequence : NULL;
}
static inline const ASN1_STRING *shim_octets(const ASN1_TYPE *value) {
  return value != NULL && value->type == V_ASN1_OCTET_STRING ? value->value.octet_string : NULL;
}

// MARK: Certificates, requests and lists

// Sets the public key of an elliptic curve or of Ed25519 by its bytes, because OpenSSL 3.0's encoder needs about 100
// microseconds for each key. Afterwards the certificate in memory has no usable key; decoding its DER gives one.
static inline int shim_set_public_key(X509_PUBKEY *to, int algorithm, int curve, const unsigned char *bytes, int count) {
  unsigned char *copy = (unsigned char *)OPENSSL_memdup(bytes, (size_t)count);
  int kind = curve == NID_undef ? V_ASN1_UNDEF : V_ASN1_OBJECT;
  void *parameter = curve == NID_undef ? NULL : OBJ_nid2obj(curve);
  if (copy != NULL && X509_PUBKEY_set0_param(to, OBJ_nid2obj(algorithm), kind, parameter, copy, count) == 1) return 1;
  OPENSSL_free(copy);
  return 0;
}

static inline int shim_extensions_count(const STACK_OF(X509_EXTENSION) *list) { return sk_X509_EXTENSION_num(list); }
static inline X509_EXTENSION *shim_extension(const STACK_OF(X509_EXTENSION) *list, int index) {
  return sk_X509_EXTENSION_value(list, index);
}
static inline STACK_OF(X509_EXTENSION) *shim_extensions_new(void) { return sk_X509_EXTENSION_new_null(); }
static inline int shim_extensions_push(STACK_OF(X509_EXTENSION) *list, X509_EXTENSION *extension) {
  return sk_X509_EXTENSION_push(list, extension);
}
static inline void shim_extensions_free(STACK_OF(X509_EXTENSION) *list) {
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}
static inline int shim_revoked_count(STACK_OF(X509_REVOKED) *list) { return sk_X509_REVOKED_num(list); }
static inline X509_REVOKED *shim_revoked(STACK_OF(X509_REVOKED) *list, int index) {
  return sk_X509_REVOKED_value(list, index);
}
static inline STACK_OF(X509) *shim_certificates_new(void) { return sk_X509_new_null(); }
static inline int shim_certificates_push(STACK_OF(X509) *list, X509 *certificate) {
  return sk_X509_push(list, certificate);
}
static inline void shim_certificates_free(STACK_OF(X509) *list) { sk_X509_free(list); }
