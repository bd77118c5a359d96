"""A speech stage for the embedder: faster-whisper on one file, WebVTT out.

    pip install faster-whisper
    speech_engine: command
    speech_command: python3 Examples/video-demo/faster_whisper_stage.py --model small {wav} {out}
"""

import argparse


def stamp(seconds):
    minutes, seconds = divmod(seconds, 60)
    return f"{int(minutes // 60):02d}:{int(minutes % 60):02d}:{seconds:06.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="small", help="a name, or the directory of a model on this machine")
    parser.add_argument("wav")
    parser.add_argument("out", help="the path of the subtitle file without .vtt")
    options = parser.parse_args()

    from faster_whisper import WhisperModel

    model = WhisperModel(options.model, device="auto", compute_type="int8", cpu_threads=1)
    segments, _ = model.transcribe(options.wav)
    with open(options.out + ".vtt", "w", encoding="utf-8") as file:
        file.write("WEBVTT\n\n")
        for segment in segments:
            file.write(f"{stamp(segment.start)} --> {stamp(segment.end)}\n{segment.text.strip()}\n\n")


main()
