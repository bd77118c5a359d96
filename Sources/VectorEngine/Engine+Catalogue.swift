import VectorModel
import VectorStorage

/// Requests about collections as such.
extension Engine {
  func answerFromCatalogue(_ request: Request) throws(RequestError) -> Response {
    let state = catalogue.current
    switch request {
    case .listCollections: return Response(.collections(state.collections.keys.sorted()))
    case .collectionExists(let name):
      return Response(.exists(state.collections[name] != nil || state.aliases[name] != nil))
    case .listAliases: return Response(.aliases(state.aliasList()))
    case .collectionAliases(let name):
      return Response(.aliases(state.aliasList(of: try state.collection(named: name))))
    default: preconditionFailure("not a request about the catalogue")
    }
  }

  func change(_ request: Request, _ completion: @escaping Completion<Response>) {
    switch request {
    case .createCollection(let name, let configuration):
      onWriter(completion) { [self] in
        completion(Result { () throws(RequestError) in try create(name, configuration) })
      }
    case .deleteCollection(let name):
      onWriter(completion) { [self] in delete(name, completion) }
    case .changeAliases(let actions):
      onWriter(completion) { [self] in
        completion(Result { () throws(RequestError) in try changeAliases(actions) })
      }
    default: preconditionFailure("not a change of the catalogue")
    }
  }

  private func changeAliases(_ actions: [AliasAction]) throws(RequestError) -> Response {
    try catalogue.change(at: currentMilliseconds()) { state throws(RequestError) in
      let aliases = try state.aliases(after: actions)
      return aliases == state.aliases ? nil : .setAliases(aliases)
    }
    return Response(.bool(true))
  }

  /// The collection's files are durable before the catalogue names them.
  private func create(_ name: String, _ configuration: CollectionConfiguration) throws(RequestError)
    -> Response
  {
    try CatalogueState.checkName(name, "collection")
    let configuration = try configuration.checked()
    let id = UUID128.random()
    var isCreated = false
    do throws(RequestError) {
      try catalogue.change(at: currentMilliseconds()) { state throws(RequestError) in
        guard state.collections[name] == nil else {
          throw .alreadyExists("Collection `\(name)` already exists!")
        }
        guard state.aliases[name] == nil else {
          throw .wrongInput(
            "Can't create collection with name \(name). Alias with the same name already exists")
        }
        guard state.collections.count < self.configuration.collectionsMax else {
          throw .badRequest(
            "collection \(state.collections.count + 1), limit \(self.configuration.collectionsMax)")
        }
        isCreated = true
        try collections.create(id, configuration)
        return .create(id, name: name)
      }
    } catch {
      if isCreated, !catalogue.isUncertain { try? collections.removeFiles(of: id) }
      throw error
    }
    return Response(.bool(true))
  }

  /// The catalogue forgets the collection first; then it is closed and its files go.
  private func delete(_ name: String, _ completion: @escaping Completion<Response>) {
    var id: UUID128?
    do throws(RequestError) {
      try catalogue.change(at: currentMilliseconds()) { state throws(RequestError) in
        id = state.collections[name] ?? state.aliases[name]
        return id.map { .delete($0) }
      }
    } catch {
      return completion(.failure(error))
    }
    guard let id else { return completion(.success(Response(.bool(false)))) }
    collections.remove(id) { result in completion(result.map { Response(.bool(true)) }) }
  }
}
