extension CollectionInfo {
  /// Writes what `GET /collections/{name}` answers.
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("status", status.word)
      writer.key("optimizer_status")
      if let optimizerError {
        writer.object { $0.member("error", optimizerError) }
      } else {
        writer.string("ok")
      }
      if !warnings.isEmpty {
        writer.key("warnings")
        writer.array(warnings) { writer, warning in writer.object { $0.member("message", warning) } }
      }
      writer.member("indexed_vectors_count", indexedVectorsCount)
      writer.member("points_count", pointsCount)
      writer.member("segments_count", segmentsCount)
      writer.key("config")
      writer.object { configuration.writeMembers(to: &$0) }
      writer.key("payload_schema")
      writer.object { writer in
        for (field, count) in zip(configuration.payloadSchema, indexedPointsCounts) {
          writer.key(field.path)
          writer.object { writer in
            writer.member("data_type", field.type.name)
            writer.member("params", field.options)
            writer.member("points", count)
          }
        }
      }
    }
  }
}

extension CollectionInfo.Status {
  fileprivate var word: String {
    switch self {
    case .green: "green"
    case .yellow: "yellow"
    case .grey: "grey"
    case .red: "red"
    }
  }
}
