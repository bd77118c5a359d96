"""Makes a few short films with ffmpeg's own sources: spoken sentences, titles, subtitles, moving patterns."""

import os
import subprocess

SUBTITLE = "1\n00:00:00,200 --> 00:00:03,800\n{}\n"


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def spoken(path, source, sentence, voice="rms"):
    ffmpeg("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", f"flite=text='{sentence}':voice={voice}",
           "-shortest", "-c:v", "mpeg4", "-q:v", "4", "-c:a", "aac", path)


def titled(path, source, title):
    ffmpeg("-f", "lavfi", "-i", source, "-t", "4", "-vf",
           f"drawbox=y=130:h=100:color=black@0.6:t=fill,"
           f"drawtext=text='{title}':fontsize=52:fontcolor=white:x=(w-tw)/2:y=(h-th)/2",
           "-c:v", "mpeg4", "-q:v", "4", path)


def subtitled(path, source, text, language):
    words = path + ".words"
    with open(words, "w", encoding="utf-8") as file:
        file.write(SUBTITLE.format(text))
    ffmpeg("-f", "lavfi", "-i", source, "-f", "srt", "-i", words, "-t", "4", "-map", "0:v", "-map", "1",
           "-c:v", "mpeg4", "-q:v", "4", "-c:s", "srt", "-metadata:s:s:0", f"language={language}", path)
    os.remove(words)


def beside(path, source, text):
    """A film with its words in a file beside it."""
    ffmpeg("-f", "lavfi", "-i", source, "-t", "4", "-c:v", "mpeg4", "-q:v", "4", path)
    with open(os.path.splitext(path)[0] + ".srt", "w", encoding="utf-8") as file:
        file.write(SUBTITLE.format(text))


def copied(path, original):
    """Cropped, mirrored and recoded."""
    ffmpeg("-i", original, "-an", "-vf", "crop=iw*0.9:ih*0.9,hflip,scale=480:-2", "-c:v", "mpeg2video", "-q:v", "7",
           "-r", "25", path)


def make(directory):
    def at(name):
        return os.path.join(directory, name)

    size = "size=640x360:rate=10"
    spoken(at("balloon.mp4"), f"testsrc={size}", "The red balloon floats over the quiet harbor")
    spoken(at("market.mp4"), f"smptehdbars={size}", "The stock market fell because investors fear higher interest rates")
    titled(at("opening.mp4"), f"testsrc2={size}", "GRAND OPENING")
    titled(at("chapter.mp4"), f"mandelbrot={size}", "FINAL CHAPTER")
    subtitled(at("pescador.mkv"), f"gradients={size}:seed=7",
              "El pescador remienda su vieja red mientras el barco espera en el puerto.", "spa")
    subtitled(at("marinero.mkv"), f"gradients={size}:seed=8",
              "El marinero vuelve al puerto con el barco lleno de peces para su familia.", "spa")
    beside(at("fisherman.mp4"), f"gradients={size}:seed=9:n=5",
           "The fisherman mends his old net while the boat waits in the harbour.")
    beside(at("cake.mp4"), f"cellauto={size}:rule=18",
           "A wonderful cake needs fresh butter, three eggs and a very happy cook.")
    # Equal content under a second name, and a file that is no film.
    with open(at("balloon.mp4"), "rb") as film, open(at("balloon-again.mp4"), "wb") as copy:
        copy.write(film.read())
    with open(at("broken.mp4"), "wb") as file:
        file.write(os.urandom(4000))
