import ArgumentParser
import Testing
import VectorServer

@testable import needletail

@Suite("The flags of serve")
struct ServeOptionsTests {
  @Test func everySettingHasItsFlag() throws {
    for setting in Setting.all {
      let isSwitch = setting.kind == .boolean
      let options = try ServeOptions.parse(isSwitch ? [setting.flag] : [setting.flag, "value"])
      #expect(options.flags == [setting.key: isSwitch ? "true" : "value"], "\(setting.key)")
    }
    #expect(try ServeOptions.parse([]).flags == [:])
  }

  @Test func everyFlagTellsItsBoundsAndDefault() {
    let help = ServeOptions.helpMessage(columns: 4000)
    for setting in Setting.all { #expect(help.contains(setting.description), "\(setting.key)") }
    #expect(help.contains("0…65535; default 6333"))
  }

  @Test func unknownFlagsAreRefused() {
    #expect(throws: (any Error).self) { try ServeOptions.parse(["--http-prt", "1"]) }
  }
}
