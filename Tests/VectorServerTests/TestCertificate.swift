import NIOSSL

/// A certificate for localhost that signs itself, and its key, made for these tests only.
enum TestCertificate {
  private static let chain = """
    MIIBmjCCAUGgAwIBAgIUOOKWYNZZX4SxUakdbXjlVAm7FdgwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEwNTE1M1oYDzIxMjYxMDI4
    MTA1MTUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAARmZ4pEy8nnz2XvpmHsn9NYdGcth94QwoN99pdnLvzzFqZNYACs4pb0
    X1LokbAhSZVUJ3B/impu5gVNB1vIQ+Zfo28wbTAdBgNVHQ4EFgQUPwh6PFWC58cz
    xKUqO9fA2sx4h60wHwYDVR0jBBgwFoAUPwh6PFWC58czxKUqO9fA2sx4h60wDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDRwAwRAIgT+SDv/tG5BLgWriahfKl3t0aEg/fqrGE5+zkNQoQOPECIBzn
    v/eA+lqXLRB+c77gTW5zW9k+NoF9ga1PgdIM2NHt
    """
  private static let secret = """
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglpRE7GRc1kEaBl99
    vPc3lJZdUMTwpQwsiXmXWR2G5TChRANCAARmZ4pEy8nnz2XvpmHsn9NYdGcth94Q
    woN99pdnLvzzFqZNYACs4pb0X1LokbAhSZVUJ3B/impu5gVNB1vIQ+Zf
    """

  static var chainPEM: String { pem("CERTIFICATE", chain) }
  static var keyPEM: String { pem("PRIVATE KEY", secret) }

  private static func pem(_ kind: String, _ base64: String) -> String {
    "-----BEGIN \(kind)-----\n\(base64)\n-----END \(kind)-----\n"
  }

  /// A client that takes the server's certificate on faith: the clock of a test machine may be wrong.
  static func clientContext() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    return try NIOSSLContext(configuration: configuration)
  }
}
