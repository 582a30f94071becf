package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.ChatTemplate;
import cglora.models.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The `tokenizer.json` of a model and the files beside it: in the model's folder, beside its ONNX
/// file, in a place of their own, or in a jar.
public final class TokenizerFiles {
    private static final String TOKENIZER = "tokenizer.json";
    private static final List<String> COMPANIONS =
            List.of(
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.txt",
                    "vocab.json",
                    "merges.txt",
                    "spiece.model",
                    "tokenizer.model",
                    "sentencepiece.bpe.model",
                    "chat_template.jinja",
                    "chat_template.json");

    private final String place;
    private final boolean ofModel;
    private final boolean followLinks;

    private TokenizerFiles(String place, boolean ofModel, boolean followLinks) {
        this.place = place;
        this.ofModel = ofModel;
        this.followLinks = followLinks;
    }

    /// @param path a folder or file; null for those beside the model
    static TokenizerFiles of(PretrainedModel model, String path) {
        return new TokenizerFiles(
                path != null ? path : model.description(), path == null, model.followLinks());
    }

    /// Names of the files that a tokenizer has beside its `tokenizer.json`.
    public static List<String> companions() {
        return COMPANIONS;
    }

    /// What is read, and copied into exports, lies where it was said to be.
    private void requireInside() {
        if (followLinks || ClasspathFile.isPacked(place)) {
            return;
        }
        Path source = source();
        if (Files.isDirectory(source)) {
            ModelLinks.check(source, Stream.concat(Stream.of(TOKENIZER), COMPANIONS.stream()));
        } else if (source.toAbsolutePath().getParent() != null) {
            // the file itself was named, wherever it leads
            ModelLinks.check(source.toAbsolutePath().getParent(), COMPANIONS.stream());
        }
    }

    /// The tokenizer.
    ///
    /// @throws CgloraException M-PATH, X-PATH or one of the T codes
    public Tokenizer load() {
        requireInside();
        if (ClasspathFile.isPacked(place)) {
            ClasspathFile.requireThere(place);
            try (InputStream stream = ClasspathFile.open(place)) {
                return Tokenizer.load(stream, place);
            } catch (IOException e) {
                throw new CgloraException(
                        ErrorCode.T_MISSING, place, e.getMessage(), "check it", e);
            }
        }
        return Tokenizer.load(source());
    }

    /// The folder or file, where it is not packed.
    private Path source() {
        Path given = Path.of(place);
        return ofModel && place.endsWith(".onnx") ? given.toAbsolutePath().getParent() : given;
    }

    /// How conversations are written for the model: the template beside the tokenizer.
    ///
    /// @return empty where there is none
    public Optional<ChatTemplate> chatTemplate() {
        if (ClasspathFile.isPacked(place)) {
            return Optional.empty();
        }
        requireInside();
        Path source = source();
        return ChatTemplate.load(
                Files.isDirectory(source) ? source : source.toAbsolutePath().getParent());
    }

    /// Copies the `tokenizer.json` that [#load] reads into a folder, and the files of the tokenizer
    /// that stand beside it.
    ///
    /// @throws CgloraException X-PATH where one of them is a link to somewhere else
    public void copyTo(Path folder) throws IOException {
        requireInside();
        Path target = folder.resolve(TOKENIZER);
        if (ClasspathFile.isPacked(place)) {
            try (InputStream stream = ClasspathFile.open(place)) {
                Files.copy(stream, target);
            }
            return;
        }
        Path source = source();
        Path file = Files.isDirectory(source) ? source.resolve(TOKENIZER) : source;
        Files.copy(file, target);
        for (String name : COMPANIONS) {
            Path other = file.resolveSibling(name);
            if (Files.isRegularFile(other)) {
                Files.copy(other, folder.resolve(name));
            }
        }
    }
}
